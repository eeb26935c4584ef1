package io.github.pastkv.chat;

import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * A conversation without markers, one plain text: what the user writes, the answer right behind it, and the next turn in
 * a new line. Answers stay the tokens that the model chose. For models without a chat template.
 */
public final class PlainFormat implements ChatFormat {
    private static final String PROBE = "a";

    private final TextTokenizer tokenizer;
    private final String system;

    /** A format whose text begins with {@code system}, which may be empty. */
    public PlainFormat(TextTokenizer tokenizer, String system) {
        this.tokenizer = tokenizer;
        this.system = system;
    }

    @Override
    public int[] encode(List<Turn> turns, String user) {
        IntStream ids = IntStream.of(beginIds());
        String lead = system + newLine(system);
        boolean isFirst = true;
        for (Turn turn : turns) {
            ids = IntStream.concat(ids, encode(lead + turn.user(), isFirst));
            isFirst = false;
            ids = IntStream.concat(ids, IntStream.of(turn.answerTokenIds()));
            lead = newLine(turn.user() + turn.answer());
        }
        return IntStream.concat(ids, encode(lead + user, isFirst)).toArray();
    }

    private IntStream encode(String text, boolean isFirst) {
        return IntStream.of(isFirst ? tokenizer.encodeContent(text) : tokenizer.encodeContentContinuation(text));
    }

    /** What ends the last line of a text. */
    private static String newLine(String text) {
        return text.isEmpty() || text.endsWith("\n") ? "" : "\n";
    }

    /** What the tokenizer puts before a text. */
    private int[] beginIds() {
        int[] around = tokenizer.encode(PROBE, true);
        int[] alone = tokenizer.encode(PROBE, false);
        int numBefore = 0;
        while (!Arrays.equals(around, numBefore, numBefore + alone.length, alone, 0, alone.length)) {
            numBefore++;
        }
        return Arrays.copyOf(around, numBefore);
    }

    @Override
    public Set<Integer> stopTokens() {
        return Set.of();
    }
}
