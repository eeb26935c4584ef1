package io.github.pastkv.model.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class StreamingDecoderTest {
    private static final int NUM_RANDOM_LISTS = 2000;

    @ParameterizedTest
    @ValueSource(strings = {"bytelevel_bpe", "bytelevel_bpe_split", "metaspace_bpe", "unigram"})
    void pieces_ofRandomIds_joinToTheWhole(String name) throws IOException {
        try (GoldenTokenizer golden = GoldenTokenizer.open(name)) {
            TextTokenizer tokenizer = golden.tokenizer();
            for (int seed = 0; seed < NUM_RANDOM_LISTS; seed++) {
                int[] ids = randomIds(tokenizer.vocabSize(), new Random(seed));
                checkJoined(tokenizer, ids, false, "seed " + seed);
                checkJoined(tokenizer, ids, true, "seed " + seed);
            }
        }
    }

    /** Ids from the whole vocabulary or, every other time, from its first part, where the single bytes are. */
    private static int[] randomIds(int vocabSize, Random random) {
        int bound = random.nextBoolean() ? vocabSize + 2 : 262;
        return IntStream.range(0, random.nextInt(120)).map(_ -> random.nextInt(bound)).toArray();
    }

    @ParameterizedTest
    @ValueSource(strings = {"bytelevel_bpe", "bytelevel_bpe_split", "metaspace_bpe", "unigram"})
    void pieces_ofGoldenTexts_joinToTheWhole(String name) throws IOException {
        try (GoldenTokenizer golden = GoldenTokenizer.open(name)) {
            for (JsonNode expected : golden.truth().get("encodings")) {
                int[] ids = GoldenTokenizer.ints(expected.get("ids"));
                checkJoined(golden.tokenizer(), ids, false, expected.get("text").stringValue());
                checkJoined(golden.tokenizer(), ids, true, expected.get("text").stringValue());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"bytelevel_bpe", "bytelevel_bpe_split", "metaspace_bpe"})
    void pieces_ofText_areNeverHalfACharacter(String name) throws IOException {
        String text =
                "\ud83d\ude00\ud83d\udc69\u200d\ud83d\ude80 \u4f60\u597d\uff0c\u4e16\u754c \ud55c\uad6d\uc5b4 x\u00e9"
                        + "\ud83c\udde9\ud83c\uddea. \u0e44\u0e17\u0e22 end";
        try (GoldenTokenizer golden = GoldenTokenizer.open(name)) {
            int[] ids = golden.tokenizer().encode(text, false);
            List<String> pieces = pieces(golden.tokenizer(), ids, true);

            assertThat(ids).hasSizeGreaterThan(text.length() / 2);
            assertThat(pieces).allSatisfy(piece -> assertThat(piece).doesNotContain("\ufffd"));
            assertThat(pieces).noneMatch(piece -> !piece.isEmpty() && Character.isLowSurrogate(piece.charAt(0)));
            assertThat(String.join("", pieces)).isEqualTo(text);
        }
    }

    @Test
    void words_comeAtOnce() throws IOException {
        try (GoldenTokenizer golden = GoldenTokenizer.open("metaspace_bpe")) {
            int[] ids = golden.tokenizer().encode("the men and the", true);
            List<String> pieces = pieces(golden.tokenizer(), ids, true);
            assertThat(pieces.getLast()).as("held back to the end").isEmpty();
            assertThat(pieces.subList(1, ids.length)).doesNotContain("");
        }
    }

    /** A byte that is never valid, without end: the window must not grow. */
    @ParameterizedTest
    @ValueSource(strings = {"bytelevel_bpe", "bytelevel_bpe_split"})
    void endlessInvalidBytes_areGivenAlongTheWay(String name) throws IOException {
        try (GoldenTokenizer golden = GoldenTokenizer.open(name)) {
            TextTokenizer tokenizer = golden.tokenizer();
            int[] invalid = IntStream.range(0, tokenizer.vocabSize())
                    .filter(id -> tokenizer.tokenText(id).equals("\ufffd")).toArray();
            Random random = new Random(7);
            int[] ids = IntStream.range(0, 3000).map(_ -> invalid[random.nextInt(invalid.length)]).toArray();
            List<String> pieces = pieces(tokenizer, ids, true);

            assertThat(String.join("", pieces)).isEqualTo(tokenizer.decode(ids, true));
            assertThat(pieces.getLast().length()).isLessThanOrEqualTo(1);
        }
    }

    @Test
    void finish_makesItReadyForAnotherText() throws IOException {
        try (GoldenTokenizer golden = GoldenTokenizer.open("metaspace_bpe")) {
            StreamingDecoder decoder = golden.tokenizer().streamingDecoder(true);
            int[] ids = golden.tokenizer().encode("the \u4e16", false);
            for (int round = 0; round < 2; round++) {
                StringBuilder text = new StringBuilder();
                Arrays.stream(ids).forEach(id -> text.append(decoder.next(id)));
                assertThat(text.append(decoder.finish()).toString()).isEqualTo("the \u4e16");
            }
        }
    }

    private static void checkJoined(TextTokenizer tokenizer, int[] ids, boolean skipSpecial, String description) {
        assertThat(String.join("", pieces(tokenizer, ids, skipSpecial))).as("%s: %s", description, Arrays.toString(ids))
                .isEqualTo(tokenizer.decode(ids, skipSpecial));
    }

    /** One piece for each id, then what was held back. */
    private static List<String> pieces(TextTokenizer tokenizer, int[] ids, boolean skipSpecial) {
        StreamingDecoder decoder = tokenizer.streamingDecoder(skipSpecial);
        List<String> pieces = new ArrayList<>();
        for (int id : ids) {
            pieces.add(decoder.next(id));
        }
        pieces.add(decoder.finish());
        return pieces;
    }
}
