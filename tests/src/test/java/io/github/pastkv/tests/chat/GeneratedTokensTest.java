package io.github.pastkv.tests.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.chat.GeneratedTokens;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.generation.FinishReason;
import io.github.pastkv.model.generation.GeneratedRow;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Prompts get the tokens of earlier answers as they were generated, whatever the tokenizer makes of their text. */
class GeneratedTokensTest {
    private static final String ANSWER = " there was a little dog";
    private static final String OTHER_ANSWER = " there was a girl named Lily";
    @TempDir static Path folder;
    private static Model model;
    private static TextTokenizer tokenizer;

    private final GeneratedTokens generated = new GeneratedTokens(tokenizer);
    private final int[] prompt = tokenizer.encode("Once upon a time", true);

    @BeforeAll
    static void load() throws IOException {
        model = Model.load(ChatFolder.in(folder, ChatFolder.TEMPLATE));
        tokenizer = model.tokenizer().orElseThrow();
    }

    @AfterAll
    static void close() {
        model.close();
    }

    private static int[] encode(String text) {
        return tokenizer.encodeContinuation(text);
    }

    /** The tokens of pieces of {@code numChars} characters, which no tokenizer makes of the whole text. */
    private static int[] inPieces(String text, int numChars) {
        return IntStream.iterate(0, from -> from < text.length(), from -> from + numChars)
                .mapToObj(from -> text.substring(from, Math.min(text.length(), from + numChars)))
                .flatMapToInt(piece -> IntStream.of(encode(piece))).toArray();
    }

    private static int[] joined(int[]... parts) {
        return Stream.of(parts).flatMapToInt(IntStream::of).toArray();
    }

    private static GeneratedRow row(int[] ids, String text, FinishReason reason) {
        return new GeneratedRow(Arrays.stream(ids).boxed().toList(), text, reason);
    }

    private static GeneratedRow row(int[] ids, String text) {
        return row(ids, text, FinishReason.STOP_TOKEN);
    }

    @Test
    void restore_givesAllAnswers_asTheyWereGenerated() {
        int[] first = joined(prompt, inPieces(ANSWER, 1));
        int[] question = encode("\nThen");
        int[] second = inPieces(OTHER_ANSWER, 2);
        generated.add("", prompt, row(inPieces(ANSWER, 1), ANSWER));
        int[] nextPrompt = joined(first, question);

        assertThat(generated.restore("", joined(prompt, encode(ANSWER), question))).isEqualTo(nextPrompt)
                .isNotEqualTo(joined(prompt, encode(ANSWER), question));
        generated.add("", nextPrompt, row(second, OTHER_ANSWER));
        int[] written = joined(prompt, encode(ANSWER), question, encode(OTHER_ANSWER), question);
        assertThat(generated.restore("", written)).isEqualTo(joined(nextPrompt, second, question));
        assertThat(generated.numTokens()).isEqualTo(nextPrompt.length + second.length); // the first is part of it
    }

    @Test
    void restore_findsAnEarlierAnswer_whenTheLastTurnIsUndone() {
        int[] nextPrompt = joined(prompt, inPieces(ANSWER, 1), encode("\nThen"));
        generated.add("", prompt, row(inPieces(ANSWER, 1), ANSWER));
        generated.add("", nextPrompt, row(inPieces(OTHER_ANSWER, 1), OTHER_ANSWER));

        assertThat(generated.restore("", joined(prompt, encode(ANSWER), encode("\nBut"))))
                .isEqualTo(joined(prompt, inPieces(ANSWER, 1), encode("\nBut")));
    }

    @Test
    void restore_tellsAnswersToTheSamePromptApart() {
        generated.add("", prompt, row(inPieces(ANSWER, 1), ANSWER));
        generated.add("", prompt, row(inPieces(OTHER_ANSWER, 1), OTHER_ANSWER));

        for (String answer : List.of(ANSWER, OTHER_ANSWER)) {
            assertThat(generated.restore("", joined(prompt, encode(answer), encode("\nBut"))))
                    .isEqualTo(joined(prompt, inPieces(answer, 1), encode("\nBut")));
        }
    }

    @Test
    void restore_ends_whereOneTextWasGeneratedInTwoWays() {
        generated.add("", prompt, row(inPieces(ANSWER, 1), ANSWER));
        generated.add("", prompt, row(inPieces(ANSWER, 2), ANSWER));

        assertThat(generated.restore("", joined(prompt, encode(ANSWER))))
                .isIn(joined(prompt, inPieces(ANSWER, 1)), joined(prompt, inPieces(ANSWER, 2)));
    }

    @Test
    void restore_leavesOtherTexts_andThoseOfOtherSalts() {
        generated.add("a", prompt, row(inPieces(ANSWER, 1), ANSWER));
        int[] other = joined(prompt, encode(OTHER_ANSWER));
        int[] same = joined(prompt, encode(ANSWER));

        assertThat(generated.restore("a", other)).isSameAs(other);
        assertThat(generated.restore("b", same)).isSameAs(same);
        assertThat(generated.restore("a", same)).isNotEqualTo(same);
    }

    @Test
    void stopString_isNoPartOfTheAnswer() {
        int[] ids = joined(inPieces(ANSWER, 1), encode("\nUser:"));
        generated.add("", prompt, row(ids, ANSWER, FinishReason.STOP_STRING));

        assertThat(generated.restore("", joined(prompt, encode(ANSWER), encode("\n\nThen"))))
                .isEqualTo(joined(prompt, inPieces(ANSWER, 1), encode("\n\nThen")));
    }

    @Test
    void leastRecentlyUsedConversation_isEvicted() {
        int[] pieces = inPieces(ANSWER, 1);
        int[] otherPrompt = tokenizer.encode("One day", true);
        GeneratedTokens two = new GeneratedTokens(tokenizer, 2 * pieces.length + prompt.length + otherPrompt.length);
        two.add("", prompt, row(pieces, ANSWER));
        two.add("", otherPrompt, row(pieces, ANSWER));
        two.restore("", joined(prompt, encode(ANSWER))); // uses the first
        two.add("", encode("x"), row(encode("y"), "y"));

        int[] evicted = joined(otherPrompt, encode(ANSWER));
        assertThat(two.restore("", evicted)).isSameAs(evicted);
        assertThat(two.restore("", joined(prompt, encode(ANSWER)))).isEqualTo(joined(prompt, pieces));
        assertThat(two.numTokens()).isEqualTo(prompt.length + pieces.length + encode("x").length + encode("y").length);
        assertThatThrownBy(() -> new GeneratedTokens(tokenizer, -1)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("maxTokens: -1, must not be negative");
    }
}
