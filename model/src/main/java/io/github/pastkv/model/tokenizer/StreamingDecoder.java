package io.github.pastkv.model.tokenizer;

import java.util.Arrays;
import java.util.Set;

/**
 * Turns ids that come one at a time into text that is certain: what it has given never changes with later ids, and all
 * of it together is the decoding of all ids at once. So half a character is held back, and so are byte tokens until
 * something else follows, as an invalid byte makes its whole run invalid.
 *
 * <p>Not safe for use by several threads. Needs its tokenizer to be open.
 */
public final class StreamingDecoder {
    /*
     * The decoder keeps a window: the last ids, of which the first `numSettledChars` characters have been given.
     * Decoding the window gives the right text behind these characters if the window begins where decoding may begin:
     *
     * - at the very first id, or
     * - at an id after which no character was half done and whose own text is not empty (what precedes the first text,
     *   such as a space that is stripped there, is then settled).
     *
     * A byte-level decoder replaces a half-done character by one U+FFFD at the end, so this one character is not
     * certain. If all that comes is invalid, no such id turns up; then the window is cut where decoding both sides
     * separately gives the same text, at least 4 ids from the end, as a character has at most 4 bytes and each id at
     * least one.
     *
     * Each id is decoded a bounded number of times, so the cost per id does not grow.
     */
    private static final char REPLACEMENT = '\uFFFD';
    private static final int CUT_FROM_IDS = 32;
    private static final int MIN_IDS_AFTER_CUT = 4;
    private static final int MAX_IDS_AFTER_CUT = 9;
    private static final int CONTEXT_IDS = 8;

    private final TextTokenizer tokenizer;
    private final boolean skipSpecial;
    private final Set<Integer> shownIds; // special, but part of the text
    private int[] window = new int[16];
    private int numIds;
    private int numSettledChars;

    StreamingDecoder(TextTokenizer tokenizer, boolean skipSpecial) {
        this(tokenizer, skipSpecial, Set.of());
    }

    StreamingDecoder(TextTokenizer tokenizer, boolean skipSpecial, Set<Integer> shownIds) {
        this.tokenizer = tokenizer;
        this.skipSpecial = skipSpecial;
        this.shownIds = Set.copyOf(shownIds);
    }

    /**
     * Begins a text that continues another one, which ends in {@code ids}: the text of those counts as given, but for
     * the bytes of a character that they leave unfinished.
     */
    void startAfter(int[] ids) {
        int from = ids.length;
        for (int numText = 0; from > 0 && (numText < CONTEXT_IDS || isByte(ids[from - 1])); from--) {
            numText += isText(ids[from - 1]) ? 1 : 0;
        }
        window = Arrays.stream(ids, from, ids.length).filter(this::isText).toArray();
        numIds = window.length;
        String text = decode(0, numIds);
        int numWholeIds = numIds;
        while (text.endsWith(String.valueOf(REPLACEMENT)) && numWholeIds > 0 && isByte(window[numWholeIds - 1])) {
            numWholeIds--;
        }
        numSettledChars = numWholeIds < numIds
                ? decode(0, numWholeIds).length()
                : text.length() - (text.endsWith(String.valueOf(REPLACEMENT)) ? 1 : 0);
        window = Arrays.copyOf(window, Math.max(16, numIds));
    }

    private boolean isText(int id) {
        return tokenizer.vocabulary().contains(id)
                && !(skipSpecial && tokenizer.vocabulary().isSpecial(id) && !shownIds.contains(id));
    }

    private boolean isByte(int id) {
        return tokenizer.vocabulary().isByteFallback(id);
    }

    /** Takes the next id and returns the text that has become certain, often empty. */
    public String next(int id) {
        if (!isText(id)) {
            return "";
        }
        if (numIds == window.length) {
            window = Arrays.copyOf(window, 2 * numIds);
        }
        window[numIds++] = id;
        return isByte(id) ? "" : settle();
    }

    /** Ends the text: returns what was held back. The decoder may then be used for another text. */
    public String finish() {
        String rest = newText(decode(0, numIds));
        numIds = 0;
        numSettledChars = 0;
        return rest;
    }

    private String settle() {
        String text = decode(0, numIds);
        boolean isOpen = text.endsWith(String.valueOf(REPLACEMENT));
        String settled = newText(isOpen ? text.substring(0, text.length() - 1) : text);
        numSettledChars += settled.length();
        if (isOpen) {
            cutIfLong(text);
        } else {
            restartAtLastIds(text);
        }
        return settled;
    }

    private String newText(String text) {
        return text.substring(Math.min(numSettledChars, text.length()));
    }

    /** Shortens the window to its last one or two ids, if they have a text. */
    private void restartAtLastIds(String text) {
        for (int kept = 1; kept <= 2 && kept < numIds; kept++) {
            String context = decode(numIds - kept, numIds);
            if (!context.isEmpty()) {
                drop(numIds - kept);
                numSettledChars = context.length();
                return;
            }
        }
        numSettledChars = text.length();
    }

    private void cutIfLong(String text) {
        if (numIds < CUT_FROM_IDS) {
            return;
        }
        for (int kept = MIN_IDS_AFTER_CUT; kept <= MAX_IDS_AFTER_CUT; kept++) {
            String before = decode(0, numIds - kept);
            if (text.equals(before + decode(numIds - kept, numIds))) {
                drop(numIds - kept);
                numSettledChars -= before.length();
                return;
            }
        }
    }

    private void drop(int numLeadingIds) {
        System.arraycopy(window, numLeadingIds, window, 0, numIds - numLeadingIds);
        numIds -= numLeadingIds;
    }

    /** The window holds no special token that is left out, so none need be left out here where some are shown. */
    private String decode(int from, int to) {
        boolean leavesOut = skipSpecial && shownIds.isEmpty();
        return from == to ? "" : tokenizer.decode(Arrays.copyOfRange(window, from, to), leavesOut);
    }
}
