package io.github.pastkv.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.model.generation.FinishReason;
import io.github.pastkv.model.generation.GeneratedRow;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.generation.Generator;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import io.github.pastkv.testkit.golden.GoldenFiles;
import io.github.pastkv.testkit.model.TinyModelFolder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The text of a generation while it streams: in whole characters, up to a stop string. */
class GenerationTextTest {
    private static final int[][] PROMPT = {{5}};

    private final List<String> pieces = new ArrayList<>();
    private final GenerationListener listener = new GenerationListener() {
        @Override
        public void onText(int row, String text) {
            pieces.add(text);
        }
    };
    @AutoClose private TextTokenizer tokenizer;

    @BeforeEach
    void open() throws IOException {
        tokenizer = TextTokenizer.open(TinyModelFolder.require().resolve("tokenizer.json"));
    }

    /** A generation that chooses the tokens of {@code text}, and of an ending that a stop string should keep away. */
    private GeneratedRow say(String text, int maxNewTokens, String... stopStrings) {
        int[] script = tokenizer.encode(text, false);
        GenerationOptions options = GenerationOptions.greedy(Math.min(script.length, maxNewTokens))
                .withStopStrings(List.of(stopStrings));
        ScriptedSource source = new ScriptedSource(tokenizer.vocabSize(), script);
        return Generator.generate(source, PROMPT, AttentionMask.ones(1, 1), tokenizer, options, listener).rows()
                .getFirst();
    }

    private GeneratedRow say(String text, String... stopStrings) {
        return say(text, Integer.MAX_VALUE, stopStrings);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Mary gave a drink to John.", " naïve café", "漢字かな交じり", "🙂🏳️‍🌈 end", "a\n\n b\t"})
    void pieces_joinToTheText_inWholeCharacters(String text) {
        GeneratedRow row = say(text);
        assertThat(row.text()).isEqualTo(text);
        assertThat(row.reason()).isEqualTo(FinishReason.LENGTH);
        assertThat(String.join("", pieces)).isEqualTo(text);
        assertThat(pieces).allSatisfy(GenerationTextTest::requireWholeCharacters);
    }

    private static void requireWholeCharacters(String piece) {
        assertThat(piece).isNotEmpty().doesNotContain("\uFFFD");
        assertThat(Character.isLowSurrogate(piece.charAt(0))).isFalse();
        assertThat(Character.isHighSurrogate(piece.charAt(piece.length() - 1))).isFalse();
    }

    @Test
    void textStreams_beforeTheEnd() {
        say("Mary gave a drink to John.");
        assertThat(pieces).hasSizeGreaterThan(3);
    }

    @Test
    void characterCutOffByTheLimit_becomesAReplacement_onlyAtTheEnd() {
        int numWhole = tokenizer.encode("no ", false).length;
        GeneratedRow row = say("no 🙂", numWhole + 1);
        assertThat(row.text()).isEqualTo("no \uFFFD");
        assertThat(String.join("", pieces)).isEqualTo(row.text());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            Mary gave a drink to John. | drink | 'Mary gave a '
            Mary gave a drink to John. | 'e a d' | 'Mary gav'
            Mary gave a drink to John. | M | ''
            Mary gave a drink to John. | John. | 'Mary gave a drink to '
            one two 🙂 three | 🙂 | 'one two '
            """)
    void stopString_endsTheTextBeforeItself_whereverTokensPart(String text, String stop, String expected) {
        GeneratedRow row = say(text, stop);
        assertThat(row.text()).isEqualTo(expected);
        assertThat(row.reason()).isEqualTo(FinishReason.STOP_STRING);
        assertThat(String.join("", pieces)).isEqualTo(expected);
    }

    @Test
    void stopString_endsAtTheTokenThatCompletesIt() {
        GeneratedRow row = say("Mary gave a drink to John.", "e a d");
        int[] all = tokenizer.encode("Mary gave a drink to John.", false);
        assertThat(row.tokenIds()).hasSizeLessThan(all.length);
        String said = tokenizer.decode(row.tokenIds().stream().mapToInt(Integer::intValue).toArray(), true);
        assertThat(said).startsWith("Mary gave a d").isNotEqualTo("Mary gave a drink to John.");
    }

    @Test
    void earliestOfSeveralStopStrings_counts() {
        assertThat(say("Mary gave a drink to John.", "John", "drink", "never").text()).isEqualTo("Mary gave a ");
    }

    @Test
    void beginningOfAStopString_thatDoesNotCome_isGivenOut() {
        GeneratedRow row = say("Mary gave a dri", "drink");
        assertThat(row.text()).isEqualTo("Mary gave a dri");
        assertThat(row.reason()).isEqualTo(FinishReason.LENGTH);
        assertThat(String.join("", pieces)).isEqualTo("Mary gave a dri");
    }

    @Test
    void stopStringAtTheVeryLimit_isStillSeen() {
        GeneratedRow row = say("a drink", "drink");
        assertThat(row.text()).isEqualTo("a ");
        assertThat(row.reason()).isEqualTo(FinishReason.STOP_STRING);
    }

    /** A tokenizer that strips the first space of a text, as those of Llama 2 and Mistral do. */
    private static TextTokenizer openSentencePiece() throws IOException {
        return TextTokenizer.open(GoldenFiles.path("tokenizer/metaspace_bpe/tokenizer.json"));
    }

    private GeneratedRow continueWith(String text, TextTokenizer sentencePiece, String... stopStrings) {
        int[] script = sentencePiece.encodeContinuation(text);
        int[][] prompt = {sentencePiece.encode("Mary gave", true)};
        GenerationOptions options =
                GenerationOptions.greedy(script.length).withStopStrings(List.of(stopStrings));
        return Generator.generate(new ScriptedSource(sentencePiece.vocabSize(), script), prompt,
                AttentionMask.ones(1, prompt[0].length), sentencePiece, options, listener).rows().getFirst();
    }

    @Test
    void answerBehindAPrompt_keepsItsFirstSpace_andStopStringsSeeIt() throws IOException {
        try (TextTokenizer sentencePiece = openSentencePiece()) {
            assertThat(continueWith(" the cat 世界 the", sentencePiece).text()).isEqualTo(" the cat 世界 the");
            assertThat(String.join("", pieces)).isEqualTo(" the cat 世界 the");
            GeneratedRow stopped = continueWith(" the cat", sentencePiece, " the");
            assertThat(stopped.text()).isEmpty();
            assertThat(stopped.reason()).isEqualTo(FinishReason.STOP_STRING);
        }
    }
}
