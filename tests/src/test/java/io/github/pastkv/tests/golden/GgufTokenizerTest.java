package io.github.pastkv.tests.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.model.files.JsonFile;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelDocument;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.gguf.GgufFile;
import io.github.pastkv.model.gguf.GgufTokenizer;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import io.github.pastkv.testkit.golden.GoldenFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tokenizers of GGUF files against the Hugging Face tokenizers that they were made from. */
class GgufTokenizerTest {
    @TempDir private Path folder;

    private static Path file(String name) {
        return GoldenFiles.path("gguf/tokenizers/" + name);
    }

    private static TextTokenizer open(Path path, Map<String, String> allowedRules) throws IOException {
        try (GgufFile file = GgufFile.open(path)) {
            GgufTokenizer tokenizer = new GgufTokenizer(file.metadata(), allowedRules);
            return TextTokenizer.read(new ModelDocument(path, tokenizer.tokenizerJson()),
                    Optional.of(new ModelDocument(path, tokenizer.configJson())), Optional.empty());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama2_small", "llama3_small", "qwen3_small", "stories", "stories_default"})
    void goldenStrings_haveTheLibrarysIds(String name) throws IOException {
        JsonObject truth = JsonFile.read(file(name + ".truth.json"));
        List<Integer> prefix = truth.findInts("prefix", 0, 1 << 20);
        List<Integer> suffix = truth.findInts("suffix", 0, 1 << 20);
        try (TextTokenizer tokenizer = open(file(name + ".gguf"), Map.of())) {
            for (JsonObject each : truth.findObjects("cases")) {
                String text = each.requireString("text");
                List<Integer> ids = each.findInts("ids", 0, 1 << 20);
                assertThat(tokenizer.encode(text, false)).as(text).isEqualTo(array(ids));
                assertThat(tokenizer.encode(text, true)).as(text).isEqualTo(
                        array(Stream.of(prefix, ids, suffix).flatMap(List::stream).toList()));
                List<Integer> asText = each.has("as_text") ? each.findInts("as_text", 0, 1 << 20) : ids;
                assertThat(tokenizer.encodeWithoutSpecial(text, false)).as(text).isEqualTo(array(asText));
                assertThat(tokenizer.encodeWithoutSpecial(text, true)).as(text).isEqualTo(
                        array(Stream.of(prefix, asText, suffix).flatMap(List::stream).toList()));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"bloom", "seed-coder"})
    void ruleOfAnotherModel_splitsAsItsTokenizerJson(String rule) throws IOException {
        try (TextTokenizer tokenizer = open(changed("stories.gguf", "gpt-2", "gpt-9"), Map.of("gpt-9", rule))) {
            for (JsonObject each : JsonFile.read(file("rules.json")).findObjects(rule)) {
                String text = each.requireString("text");
                assertThat(tokenizer.encode(text, false)).as(text)
                        .isEqualTo(array(each.findInts("ids", 0, 1 << 20)));
            }
        }
    }

    private static int[] array(List<Integer> ids) {
        return ids.stream().mapToInt(Integer::intValue).toArray();
    }

    @Test
    void specialTokensAndTemplate_areTheFiles() throws IOException {
        try (GgufFile file = GgufFile.open(file("qwen3_small.gguf"))) {
            GgufTokenizer tokenizer = new GgufTokenizer(file.metadata(), Map.of());
            JsonObject config = new ModelDocument(file.path(), tokenizer.configJson()).json();
            assertThat(config.requireString("chat_template"))
                    .isEqualTo(file.metadata().requireString("tokenizer.chat_template"));
            assertThat(config.requireString("eos_token")).isEqualTo("<|im_end|>");
            assertThat(config.requireString("pad_token")).isEqualTo("<|endoftext|>");
            assertThat(config.has("bos_token")).isFalse();
        }
    }

    @Test
    void templateForTools_isOneOfTwo() throws IOException {
        Path path = withText("qwen3_small.gguf", "tokenizer.chat_template.tool_use", "{{ tools }}\n");
        try (GgufFile file = GgufFile.open(path)) {
            JsonObject config =
                    new ModelDocument(path, new GgufTokenizer(file.metadata(), Map.of()).configJson()).json();
            List<JsonObject> templates = config.findObjects("chat_template");

            assertThat(templates).extracting(each -> each.requireString("name")).containsExactly("default", "tool_use");
            assertThat(templates.getFirst().requireString("template"))
                    .isEqualTo(file.metadata().requireString("tokenizer.chat_template"));
            assertThat(templates.getLast().requireString("template")).isEqualTo("{{ tools }}\n");
        }
    }

    /** A copy of a file with one more key, whose entry keeps the alignment of what follows. */
    private Path withText(String name, String key, String text) throws IOException {
        byte[] bytes = Files.readAllBytes(file(name));
        ByteBuffer changed = ByteBuffer.allocate(bytes.length + 20 + key.length() + text.length());
        changed.order(ByteOrder.LITTLE_ENDIAN).put(bytes, 0, 24);
        changed.putLong(16, changed.getLong(16) + 1); // number of keys
        changed.putLong(key.length()).put(key.getBytes(StandardCharsets.US_ASCII)).putInt(8) // a string
                .putLong(text.length()).put(text.getBytes(StandardCharsets.US_ASCII)).put(bytes, 24, bytes.length - 24);
        return Files.write(folder.resolve(name), changed.array());
    }

    @Test
    void unknownRule_isRefusedUnlessAKnownOneIsAllowed() throws IOException {
        Path path = changed("qwen3_small.gguf", "qwen2", "qwen9");
        assertThatThrownBy(() -> open(path, Map.of())).isInstanceOf(ModelFormatException.class).hasMessageContaining(
                "tokenizer.ggml.pre: \"qwen9\", no rule of this name to split texts is known; known are ")
                .hasMessageContaining("--allow-tokenizer qwen9=RULE");
        try (TextTokenizer allowed = open(path, Map.of("qwen9", "qwen2"));
                TextTokenizer known = open(file("qwen3_small.gguf"), Map.of())) {
            String text = "It's 12345 o'clock";
            assertThat(allowed.encode(text, true)).isEqualTo(known.encode(text, true));
        }
        assertThatThrownBy(() -> open(path, Map.of("qwen9", "qwen8"))).isInstanceOf(ModelFormatException.class);
    }

    @Test
    void unknownKindOfTokenizer_isRefused() throws IOException {
        assertThatThrownBy(
                () -> open(changed("llama2_small.gguf", "tokenizer.ggml.model\u0008\0\0\0\u0005\0\0\0\0\0\0\0llama",
                        "tokenizer.ggml.model\u0008\0\0\0\u0005\0\0\0\0\0\0\0llamb"), Map.of()))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("tokenizer.ggml.model: \"llamb\", tokenizers of this kind are not");
    }

    /** A copy of a file with one text in the place of another of equal length. */
    private Path changed(String name, String from, String to) throws IOException {
        String bytes = new String(Files.readAllBytes(file(name)), StandardCharsets.ISO_8859_1);
        int at = bytes.lastIndexOf(from);
        String changed = bytes.substring(0, at) + to + bytes.substring(at + from.length());
        return Files.write(folder.resolve(name), changed.getBytes(StandardCharsets.ISO_8859_1));
    }
}
