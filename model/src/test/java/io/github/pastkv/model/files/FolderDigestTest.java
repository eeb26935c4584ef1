package io.github.pastkv.model.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderDigestTest {
    @TempDir private Path folder;

    @Test
    void digest_isThatOfSha256sum_overConfigurationAndWeights() throws IOException {
        Files.writeString(folder.resolve("config.json"), "{}");
        Files.writeString(folder.resolve("model-00002-of-00002.safetensors"), "two");
        Files.writeString(folder.resolve("model-00001-of-00002.safetensors"), "one");
        Files.writeString(folder.resolve("tokenizer.json"), "not weighed");
        assertThat(FolderDigest.of(folder))
                .isEqualTo("83d6009d0c17e964391f5f377006e31c2123a6b4ff4de754be75e6311125f3c7");
        Files.writeString(folder.resolve("tokenizer.json"), "changed");
        assertThat(FolderDigest.of(folder))
                .isEqualTo("83d6009d0c17e964391f5f377006e31c2123a6b4ff4de754be75e6311125f3c7");
        Files.writeString(folder.resolve("model-00002-of-00002.safetensors"), "twO");
        assertThat(FolderDigest.of(folder))
                .isNotEqualTo("83d6009d0c17e964391f5f377006e31c2123a6b4ff4de754be75e6311125f3c7");
    }

    @Test
    void folderWithoutConfiguration_isRefused() {
        assertThatThrownBy(() -> FolderDigest.of(folder)).isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("config.json");
    }
}
