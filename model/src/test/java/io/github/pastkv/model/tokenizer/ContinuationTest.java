package io.github.pastkv.model.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.model.TestFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Texts that are read and written in pieces, with tokenizers that treat the beginning of a text in a way of its own.
 */
class ContinuationTest {
    private static final String[] PIECES = {"the men", " and the\ncat", " 世界 😀", " x\u00e9", " gave the store.", ""};
    private static final String METASPACE = "\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":\"\u2581\","
            + "\"prepend_scheme\":\"first\",\"split\":false}";

    @TempDir private Path folder;

    private static TextTokenizer open(String name) throws IOException {
        return TextTokenizer.open(TestFiles.resource("tokenizer/" + name + "/tokenizer.json"));
    }

    /** The golden tokenizer of Llama 2's kind in the form that newer files have. */
    private TextTokenizer openMetaspace() throws IOException {
        String json = Files.readString(TestFiles.resource("tokenizer/metaspace_bpe/tokenizer.json"))
                .replaceFirst("\"normalizer\": *\\{[^\\[]*\\[[^\\]]*\\]\\s*\\}", "\"normalizer\":null")
                .replaceFirst("\"pre_tokenizer\": *null", METASPACE);
        assertThat(json).contains(METASPACE).doesNotContain("Prepend");
        return TextTokenizer.open(Files.writeString(folder.resolve("tokenizer.json"), json));
    }

    @ParameterizedTest
    @ValueSource(strings = {"bytelevel_bpe", "bytelevel_bpe_split", "metaspace_bpe", "unigram"})
    void piecesThatBeginWords_haveTheTokensOfTheJoinedText(String name) throws IOException {
        try (TextTokenizer tokenizer = open(name)) {
            checkPieces(tokenizer);
        }
    }

    @Test
    void piecesThatBeginWords_haveTheTokensOfTheJoinedText_withAMetaspacePrefix() throws IOException {
        try (TextTokenizer tokenizer = openMetaspace()) {
            checkPieces(tokenizer);
        }
    }

    private static void checkPieces(TextTokenizer tokenizer) {
        int[] pieces = tokenizer.encode(PIECES[0], false);
        int[] contents = tokenizer.encodeContent(PIECES[0]);
        for (String piece : Arrays.asList(PIECES).subList(1, PIECES.length)) {
            pieces = concat(pieces, tokenizer.encodeContinuation(piece));
            contents = concat(contents, tokenizer.encodeContentContinuation(piece));
        }
        assertThat(pieces).containsExactly(tokenizer.encode(String.join("", PIECES), false));
        assertThat(contents).containsExactly(pieces);
        for (String control : tokenizer.vocabulary().controlTokens()) {
            String behind = " to" + control + "the hat" + control + " a" + control + control + "cat";
            assertThat(concat(tokenizer.encode("Mary gave", false), tokenizer.encodeContinuation(behind)))
                    .as(control).containsExactly(tokenizer.encode("Mary gave" + behind, false));
        }
    }

    private static int[] concat(int[] first, int[] second) {
        return IntStream.concat(IntStream.of(first), IntStream.of(second)).toArray();
    }

    @ParameterizedTest
    @ValueSource(strings = {"bytelevel_bpe", "metaspace_bpe", "unigram"})
    void spelledControlTokenOfAContinuation_isText(String name) throws IOException {
        try (TextTokenizer tokenizer = open(name)) {
            String control = tokenizer.vocabulary().controlTokens().getFirst();
            int[] ids = tokenizer.encodeContentContinuation(" to " + control);
            assertThat(ids).doesNotContain(tokenizer.vocabulary().id(control).orElseThrow());
        }
    }

    /** Any ids, cut anywhere: the text before the cut and what comes after it are the text of all. */
    @ParameterizedTest
    @ValueSource(strings = {"bytelevel_bpe", "bytelevel_bpe_split", "metaspace_bpe", "unigram"})
    void textBehindACut_isWhatIsMissing_whereverTheCutIs(String name) throws IOException {
        try (TextTokenizer tokenizer = open(name)) {
            int[] ids = tokenizer.encode(String.join("", PIECES) + " \u4f60\u597d\ud83d\ude00", false);
            for (boolean skipSpecial : new boolean[] {false, true}) {
                for (int cut = 0; cut <= ids.length; cut++) {
                    checkCut(tokenizer, ids, cut, skipSpecial);
                }
            }
        }
    }

    private static void checkCut(TextTokenizer tokenizer, int[] ids, int cut, boolean skipSpecial) {
        int[] before = Arrays.copyOf(ids, cut);
        StreamingDecoder decoder = tokenizer.streamingDecoder(skipSpecial);
        StringBuilder settled = new StringBuilder();
        Arrays.stream(before).forEach(id -> settled.append(decoder.next(id)));
        String rest = decoder.finish();
        String prompt = rest.contains("\ufffd") ? settled.toString() : settled + rest;
        String answer = decodeAfter(tokenizer, before, Arrays.copyOfRange(ids, cut, ids.length), skipSpecial);
        assertThat(prompt + answer).as("cut at %d", cut).isEqualTo(tokenizer.decode(ids, skipSpecial));
    }

    private static String decodeAfter(TextTokenizer tokenizer, int[] before, int[] ids, boolean skipSpecial) {
        StreamingDecoder decoder = tokenizer.streamingDecoderAfter(before, skipSpecial);
        StringBuilder text = new StringBuilder();
        Arrays.stream(ids).forEach(id -> text.append(decoder.next(id)));
        return text.append(decoder.finish()).toString();
    }

    @ParameterizedTest
    @ValueSource(strings = {"metaspace_bpe", "unigram"})
    void wordBehindAText_keepsItsSpace(String name) throws IOException {
        try (TextTokenizer tokenizer = open(name)) {
            int[] before = tokenizer.encode("the men", false);
            int[] word = tokenizer.encode("the", false);
            assertThat(decodeAfter(tokenizer, before, word, true)).isEqualTo(" the");
            assertThat(decodeAfter(tokenizer, new int[0], word, true)).isEqualTo("the");
            int begin = tokenizer.vocabulary().id("<s>").orElseThrow();
            assertThat(decodeAfter(tokenizer, new int[] {begin}, word, true)).as("nothing but a begin token before")
                    .isEqualTo("the");
            for (int id : word) {
                assertThat(tokenizer.continuationText(id)).isEqualTo(
                        tokenizer.vocabulary().token(id).orElseThrow().replace('\u2581', ' '));
            }
        }
    }

    @Test
    void longContext_isNotReadWhole_andGivesTheSame() throws IOException {
        try (TextTokenizer tokenizer = open("metaspace_bpe")) {
            Random random = new Random(3);
            int[] context = IntStream.range(0, 5000).map(_ -> random.nextInt(tokenizer.vocabSize())).toArray();
            int[] word = tokenizer.encodeContinuation(" the end");
            for (int length : List.of(1, 9, 100, 4999)) {
                assertThat(decodeAfter(tokenizer, Arrays.copyOf(context, length), word, true)).endsWith("the end");
            }
        }
    }
}
