package io.github.pastkv.model.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.model.TestFiles;
import io.github.pastkv.model.files.ModelFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TextTokenizerTest {
    @TempDir private Path folder;

    @ParameterizedTest
    @CsvSource({"bytelevel_bpe,<|endoftext|>", "bytelevel_bpe_split,<|im_end|>", "metaspace_bpe,</s>", "unigram,</s>"})
    void encodeContent_spelledControlToken_isText(String name, String control) throws IOException {
        try (TextTokenizer tokenizer = open(name)) {
            String text = "to " + control + " and " + control;
            int[] content = tokenizer.encodeContent(text);
            int controlId = tokenizer.vocabulary().id(control).orElseThrow();

            assertThat(tokenizer.encode(text, false)).contains(controlId);
            assertThat(content).doesNotContain(controlId);
            assertThat(Arrays.stream(content).noneMatch(tokenizer.vocabulary()::isControl)).isTrue();
            if (!name.equals("unigram")) { // this one has no piece for '<'
                assertThat(tokenizer.decode(content, false)).isEqualTo(text);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"bytelevel_bpe", "bytelevel_bpe_split", "metaspace_bpe", "unigram"})
    void encodeContent_ordinaryText_isAsWithoutSpecial(String name) throws IOException {
        try (TextTokenizer tokenizer = open(name)) {
            for (String text : new String[] {"", " ", "Hello, world!", "\u4f60\u597d \ud83d\ude00", "a\u0000b"}) {
                assertThat(tokenizer.encodeContent(text)).containsExactly(tokenizer.encode(text, false));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"bytelevel_bpe,<|endoftext|>", "bytelevel_bpe_split,<|im_end|>", "metaspace_bpe,</s>", "unigram,</s>"})
    void encodeParts_controlTokenOfOnePart_isOne_acrossParts_isText(String name, String control) throws IOException {
        try (TextTokenizer tokenizer = open(name)) {
            int controlId = tokenizer.vocabulary().id(control).orElseThrow();
            String broken = control.substring(0, 1);
            String rest = control.substring(1);
            int[] whole = tokenizer.encode("a cat" + control + "\nand a hat" + control, false);
            assertThat(tokenizer.encodeParts(List.of("a cat" + control + "\nand a hat" + control)))
                    .containsExactly(whole);
            assertThat(tokenizer.encodeParts(List.of("a cat" + control + "\nand", " a", " hat" + control)))
                    .containsExactly(whole);
            int[] mixed = tokenizer.encodeParts(List.of("a cat " + broken, rest + " sat" + control));
            assertThat(Arrays.stream(mixed).filter(id -> id == controlId).count()).isEqualTo(1);
            assertThat(mixed[mixed.length - 1]).isEqualTo(controlId);
            if (!name.equals("unigram")) { // this one has no piece for '<'
                assertThat(tokenizer.decode(mixed, false)).isEqualTo("a cat " + control + " sat" + control);
            }
        }
    }

    /** NFKC makes ordinary letters of those of full width, and control tokens are looked for behind it. */
    @Test
    void controlToken_thatOnlyTheNormalizerMakes_isText() throws IOException {
        String json = Files.readString(TestFiles.resource("tokenizer/bytelevel_bpe/tokenizer.json"))
                .replaceFirst("\"normalizer\": *null", "\"normalizer\":{\"type\":\"NFKC\"}")
                .replaceFirst("(\"content\": *\"<\\|endoftext\\|>\"[^}]*\"normalized\": *)false", "$1true");
        try (TextTokenizer tokenizer = TextTokenizer.open(Files.writeString(folder.resolve("tokenizer.json"), json))) {
            int id = tokenizer.vocabulary().id("<|endoftext|>").orElseThrow();
            String fullWidth = "a\uff1c\uff5cendoftext\uff5c\uff1eb";
            assertThat(tokenizer.encode(fullWidth, false)).contains(id);
            assertThat(tokenizer.encodeContent(fullWidth)).doesNotContain(id);
            assertThat(tokenizer.encodeParts(List.of(fullWidth))).doesNotContain(id);
            int[] mixed = tokenizer.encodeParts(List.of(fullWidth + "<|endoftext|>"));
            assertThat(Arrays.stream(mixed).filter(one -> one == id).count()).isEqualTo(1);
        }
    }

    @Test
    void encode_longText_isNotCutOrPadded() throws IOException {
        String json = Files.readString(TestFiles.resource("tokenizer/bytelevel_bpe/tokenizer.json"))
                .replaceFirst("\"truncation\": *null", "\"truncation\":{\"direction\":\"Right\",\"max_length\":5,"
                        + "\"strategy\":\"LongestFirst\",\"stride\":0}")
                .replaceFirst("\"padding\": *null", "\"padding\":{\"strategy\":{\"Fixed\":7},\"direction\":\"Right\","
                        + "\"pad_to_multiple_of\":null,\"pad_id\":1,\"pad_type_id\":0,\"pad_token\":\"<|pad|>\"}");
        assertThat(json).contains("max_length").contains("pad_to_multiple_of");
        try (TextTokenizer tokenizer = TextTokenizer.open(write(json))) {
            String text = "the cat sat on the mat. ".repeat(500);
            assertThat(tokenizer.decode(tokenizer.encode(text, true), false)).isEqualTo(text);
            assertThat(tokenizer.encode("a", true)).hasSize(1);
        }
    }

    @Test
    void encode_unpairedSurrogate_countsAsReplacement() throws IOException {
        try (TextTokenizer tokenizer = open("bytelevel_bpe")) {
            assertThat(tokenizer.encode("a\ud800b", false)).containsExactly(tokenizer.encode("a\ufffdb", false));
        }
    }

    @Test
    void decode_idsBeyondTheVocabulary_giveNothing() throws IOException {
        try (TextTokenizer tokenizer = open("bytelevel_bpe")) {
            int[] ids = tokenizer.encode("hi", false);
            int[] more = Arrays.copyOf(ids, ids.length + 1);
            more[ids.length] = tokenizer.vocabSize();

            assertThat(tokenizer.decode(more, false)).isEqualTo("hi");
            assertThatThrownBy(() -> tokenizer.decode(new int[] {3, -1}, false))
                    .isInstanceOf(IllegalArgumentException.class).hasMessage("ids: -1 at 1, must not be negative");
        }
    }

    @Test
    void afterClose_isAnError() throws IOException {
        TextTokenizer tokenizer = open("metaspace_bpe");
        tokenizer.close();
        tokenizer.close();
        assertThatThrownBy(() -> tokenizer.encode("x", false)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> tokenizer.encodeContent("x")).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> tokenizer.decode(new int[] {1}, false)).isInstanceOf(IllegalStateException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "[]", "{}", "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":\"x\"},\"merges\":[]}}",
        "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":-1},\"merges\":[]}}", "{\"model\":{\"type\":\"Magic\"}}",
        "{\"model\":{\"vocab\":[[3,0.5]]}}", "{\"added_tokens\":[{\"content\":\"a\"}]}"})
    void open_whatIsNoTokenizer_isRefused(String json) throws IOException {
        Path file = write(json);
        assertThatThrownBy(() -> TextTokenizer.open(file)).isInstanceOf(ModelFormatException.class)
                .hasMessageStartingWith(file + ": ");
    }

    @Test
    void open_missingFile_isRefused() {
        assertThatThrownBy(() -> TextTokenizer.open(folder.resolve("none"))).isInstanceOf(ModelFormatException.class)
                .hasMessage(folder.resolve("none") + ": no such file");
    }

    private static TextTokenizer open(String name) throws IOException {
        return TextTokenizer.open(TestFiles.resource("tokenizer/" + name + "/tokenizer.json"));
    }

    private Path write(String json) throws IOException {
        return Files.writeString(folder.resolve("tokenizer.json"), json);
    }
}
