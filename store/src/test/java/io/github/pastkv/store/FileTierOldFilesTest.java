package io.github.pastkv.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.prefix.PrefixNamespace;
import io.github.pastkv.cache.store.BlockKey;
import io.github.pastkv.cache.store.ChunkKey;
import io.github.pastkv.cache.store.PutResult;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileTierOldFilesTest {
    @TempDir Path folder;

    @Test
    void filesThatNothingCanFind_count_andAreEvictedFirst() throws IOException {
        Path old = Files.createDirectories(folder.resolve("ab")).resolve("ab".repeat(32) + ".safetensors");
        Files.write(old, new byte[600]);
        ChunkKey key = ChunkKey.of(List.of(BlockKey.root(PrefixNamespace.builder("x").build(), "storage")));
        try (FileTier tier = new FileTier(folder, 1000, Duration.ofSeconds(2))) {
            assertThat(tier.stats().bytes()).isEqualTo(600);
            assertThat(tier.unknownFiles(false)).containsExactly(600L);
            assertThat(tier.put(key, List.of(MemorySegment.ofArray(new byte[500])))).isEqualTo(PutResult.STORED);
            assertThat(old).doesNotExist();
            assertThat(tier.stats().bytes()).isEqualTo(500);
        }
    }
}
