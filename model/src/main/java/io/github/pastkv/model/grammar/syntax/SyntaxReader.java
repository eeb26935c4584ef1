package io.github.pastkv.model.grammar.syntax;

/** Reads a text character by character; says where an error is. Not safe for use by several threads. */
final class SyntaxReader {
    /** For {@link #peek} and {@link #next}: the text is over. */
    static final int END = -1;

    /** Limit of groups and repetitions within one another. */
    static final int MAX_DEPTH = 200;

    private final String kind;
    private final int[] text;
    private int at;
    private int depth;

    /** @param kind what is read, for messages */
    SyntaxReader(String kind, String text) {
        this.kind = kind;
        this.text = text.codePoints().toArray();
        text.codePoints().forEach(this::requireNoSurrogate);
    }

    /** The next character, or {@link #END}. */
    int peek() {
        return at < text.length ? text[at] : END;
    }

    /** Takes the next character, or returns {@link #END}. */
    int next() {
        return at < text.length ? text[at++] : END;
    }

    /** Whether the text goes on with {@code wanted}. */
    boolean isNext(String wanted) {
        int[] characters = wanted.codePoints().toArray();
        boolean fits = at + characters.length <= text.length;
        for (int i = 0; i < characters.length && fits; i++) {
            fits = text[at + i] == characters[i];
        }
        return fits;
    }

    /** Takes {@code wanted} if the text goes on with it. */
    boolean take(String wanted) {
        boolean isNext = isNext(wanted);
        at += isNext ? wanted.codePointCount(0, wanted.length()) : 0;
        return isNext;
    }

    /** Takes {@code wanted}, or fails. */
    void require(String wanted, String instead) {
        if (!take(wanted)) {
            throw error(instead);
        }
    }

    /** A number of hexadecimal digits. */
    int hex(int numDigits) {
        int value = 0;
        for (int i = 0; i < numDigits; i++) {
            int digit = Character.digit(next(), 16);
            if (digit < 0) {
                throw error("needs " + numDigits + " hexadecimal digits");
            }
            value = (value << 4) | digit;
        }
        if (!Character.isValidCodePoint(value)) {
            throw error(Integer.toHexString(value) + " is no character");
        }
        return value;
    }

    /** {@code codePoint}, which must be a character. */
    int requireNoSurrogate(int codePoint) {
        if (codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE) {
            throw error("half a surrogate pair is no character");
        }
        return codePoint;
    }

    /** Whether a decimal digit is next. */
    boolean isDigit() {
        return peek() >= '0' && peek() <= '9';
    }

    /** A count in decimal digits. */
    int count() {
        if (!isDigit()) {
            throw error("needs a number");
        }
        int value = 0;
        while (isDigit()) {
            value = 10 * value + (next() - '0');
            if (value > 1_000_000) {
                throw error("a count must not exceed 1000000");
            }
        }
        return value;
    }

    /** Enters a group, or repeats a repetition. */
    void enter() {
        if (++depth > MAX_DEPTH) {
            throw error("has groups or repetitions nested deeper than " + MAX_DEPTH);
        }
    }

    /** Leaves groups or repetitions. */
    void leave(int numEntered) {
        depth -= numEntered;
    }

    int position() {
        return at;
    }

    /** A refusal that says where the reader is. */
    IllegalArgumentException error(String problem) {
        return new IllegalArgumentException(kind + ": " + problem + ", at character " + at + " of "
                + new String(text, 0, text.length));
    }
}
