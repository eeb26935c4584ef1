package io.github.pastkv.chat;

import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Keeps generated tokens. A conversation is rendered again for each turn, and tokenizing the text of an answer may
 * produce other tokens than the model generated; then all later tokens would have to be recomputed. If the new tokens
 * have the same text and control tokens as the cached ones, those are kept.
 */
final class TokenSplice {
    private static final int MAX_TOKENS = 8192; // that are compared as text

    private static final int NUM_EQUAL = 8;

    private TokenSplice() {}

    /**
     * {@code written}, with {@code held} as its beginning where both have the same text up to the end of {@code held}.
     *
     * @param held tokens that are computed
     * @param written the tokens of the conversation as its format writes them
     */
    static int[] keep(int[] held, int[] written, TextTokenizer tokenizer) {
        int from = Arrays.mismatch(held, written);
        if (from < 0 || from >= held.length || held.length - from > MAX_TOKENS) {
            return written;
        }
        int begin = Math.max(0, from - NUM_EQUAL); // so that no text begins here, whose first space might be stripped
        int[] heldRest = Arrays.copyOfRange(held, begin, held.length);
        String text = tokenizer.decode(heldRest, false);
        int to = firstReaching(text.length(), written, begin, tokenizer);
        int[] writtenRest = Arrays.copyOfRange(written, begin, to);
        boolean isSame = tokenizer.decode(writtenRest, false).equals(text)
                && Arrays.equals(control(heldRest, tokenizer), control(writtenRest, tokenizer));
        return isSame
                ? IntStream.concat(IntStream.of(held), Arrays.stream(written, to, written.length)).toArray()
                : written;
    }

    /** Where the text of {@code ids} from {@code begin} on has so many characters, or the end. */
    private static int firstReaching(int numChars, int[] ids, int begin, TextTokenizer tokenizer) {
        int low = begin;
        int high = Math.min(ids.length, begin + numChars + 2 * NUM_EQUAL);
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (tokenizer.decode(Arrays.copyOfRange(ids, begin, middle), false).length() < numChars) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private static int[] control(int[] ids, TextTokenizer tokenizer) {
        return Arrays.stream(ids).filter(tokenizer.vocabulary()::isControl).toArray();
    }
}
