package io.github.pastkv.model.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.model.TestFiles;
import io.github.pastkv.model.files.ModelDocument;
import io.github.pastkv.model.files.ModelFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code tokenizer_config.json} and {@code special_tokens_map.json} say beside {@code tokenizer.json}. */
class TokenizerSettingsTest {
    private static final String PLAIN = "tokenizer/bytelevel_bpe/tokenizer.json"; // adds nothing to a text
    private static final String LLAMA = "tokenizer/metaspace_bpe/tokenizer.json"; // adds <s>

    @TempDir private Path folder;

    @BeforeEach
    void copy() throws IOException {
        Files.copy(TestFiles.resource(PLAIN), folder.resolve("tokenizer.json"));
    }

    private TextTokenizer open() throws IOException {
        return TextTokenizer.read(find("tokenizer.json").orElseThrow(), find("tokenizer_config.json"),
                find("special_tokens_map.json"));
    }

    private Optional<ModelDocument> find(String name) throws IOException {
        Path file = folder.resolve(name);
        return Files.exists(file) ? Optional.of(new ModelDocument(file, Files.readAllBytes(file))) : Optional.empty();
    }

    private void write(String name, String json) throws IOException {
        Files.writeString(folder.resolve(name), json);
    }

    private void checkIds(String text, int... expected) throws IOException {
        try (TextTokenizer tokenizer = open()) {
            assertThat(tokenizer.encode(text, true)).containsExactly(expected);
        }
    }

    @Test
    void beginAndEnd_areAddedWhereTheConfigSaysSo() throws IOException {
        int[] alone;
        try (TextTokenizer tokenizer = open()) {
            alone = tokenizer.encode("a", false);
        }
        assertThat(alone).hasSize(1);
        write("tokenizer_config.json", "{\"tokenizer_class\": \"LlamaTokenizerFast\", \"add_bos_token\": true,"
                + "\"bos_token\": {\"content\": \"<|endoftext|>\"}, \"eos_token\": \"<|pad|>\"}");
        checkIds("a", 0, alone[0]);
        write("tokenizer_config.json", "{\"add_bos_token\": false, \"add_eos_token\": true,"
                + "\"bos_token\": \"<|endoftext|>\", \"eos_token\": \"<|pad|>\"}");
        checkIds("a", alone[0], 1);
        write("tokenizer_config.json", "{\"bos_token\": \"<|endoftext|>\"}");
        checkIds("a", alone[0]);
        write("tokenizer_config.json", "{\"add_bos_token\": true, \"bos_token\": null}");
        checkIds("a", alone[0]);
    }

    @Test
    void configThatAddsNothing_overridesThePostProcessor() throws IOException {
        Files.delete(folder.resolve("tokenizer.json"));
        Files.copy(TestFiles.resource(LLAMA), folder.resolve("tokenizer.json"));
        try (TextTokenizer tokenizer = open()) {
            assertThat(tokenizer.encode("a", true)).startsWith(1);
        }
        write("tokenizer_config.json", "{\"add_bos_token\": false, \"bos_token\": \"<s>\"}");
        try (TextTokenizer tokenizer = open()) {
            assertThat(tokenizer.encode("a", true)).containsExactly(tokenizer.encode("a", false));
        }
        write("tokenizer_config.json", "{\"add_bos_token\": true, \"bos_token\": \"<s>\"}");
        try (TextTokenizer tokenizer = open()) {
            assertThat(tokenizer.encode("a", true)).startsWith(1).doesNotHaveDuplicates();
        }
    }

    @Test
    void namesThatOnlyTheMapHas_areKnown_andAddedToo() throws IOException {
        write("special_tokens_map.json", "{\"bos_token\": {\"content\": \"<|endoftext|>\", \"lstrip\": false},"
                + "\"eos_token\": \"<|pad|>\", \"additional_special_tokens\": [\"x\"]}");
        try (TextTokenizer tokenizer = open()) {
            assertThat(tokenizer.specialTokens())
                    .isEqualTo(Map.of("bos_token", "<|endoftext|>", "eos_token", "<|pad|>"));
        }
        write("tokenizer_config.json", "{\"add_bos_token\": true, \"eos_token\": null}");
        try (TextTokenizer tokenizer = open()) {
            assertThat(tokenizer.specialTokens()).isEqualTo(Map.of("bos_token", "<|endoftext|>"));
            assertThat(tokenizer.encode("a", true)).startsWith(0);
        }
    }

    @Test
    void addedTokenThatIsNone_isRefused() throws IOException {
        write("tokenizer_config.json", "{\"add_bos_token\": true, \"bos_token\": \"<nobody>\"}");
        assertThatThrownBy(this::open).isInstanceOf(ModelFormatException.class).hasMessageContainingAll("<nobody>",
                "bos_token");
        write("tokenizer_config.json", "{\"add_bos_token\": 3}");
        assertThatThrownBy(this::open).isInstanceOf(ModelFormatException.class).hasMessageContaining("add_bos_token");
    }
}
