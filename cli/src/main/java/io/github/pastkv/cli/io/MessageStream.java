package io.github.pastkv.cli.io;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * A print stream for messages. Control characters other than tabs and line ends are escaped: names of files, keys and
 * tokens come from outside and must not steer the terminal.
 */
final class MessageStream extends PrintStream {
    MessageStream(OutputStream out) {
        super(out, true, StandardCharsets.UTF_8);
    }

    @Override
    public void print(String text) {
        super.print(escape(text));
    }

    @Override
    public void print(char[] text) {
        print(String.valueOf(text));
    }

    @Override
    public void print(char character) {
        print(String.valueOf(character));
    }

    /** Prints control characters as they are. */
    void printRaw(String text) {
        super.print(text);
    }

    /** {@code \u001b} in place of an escape character, and so on. */
    static String escape(String text) {
        if (text.codePoints().noneMatch(MessageStream::isControl)) {
            return text;
        }
        StringBuilder escaped = new StringBuilder(text.length() + 16);
        text.codePoints().forEach(codePoint -> {
            if (isControl(codePoint)) {
                escaped.append(String.format("\\u%04x", codePoint));
            } else {
                escaped.appendCodePoint(codePoint);
            }
        });
        return escaped.toString();
    }

    /** Controls, and marks that turn the direction of writing. */
    private static boolean isControl(int codePoint) {
        return switch (codePoint) {
            case '\n', '\t' -> false;
            case '\r' -> !System.lineSeparator().equals("\r\n");
            default -> Character.isISOControl(codePoint) || isDirectionMark(codePoint) || codePoint == 0x2028
                    || codePoint == 0x2029;
        };
    }

    private static boolean isDirectionMark(int codePoint) {
        return codePoint == 0x061C || codePoint == 0x200E || codePoint == 0x200F
                || (codePoint >= 0x202A && codePoint <= 0x202E) || (codePoint >= 0x2066 && codePoint <= 0x2069);
    }
}
