package io.github.pastkv.model.files;

/** Text of files inside messages: shown to people, who read it in terminals. */
public final class Messages {
    private static final int MAX_LENGTH = 2000;
    private static final String GAP = " ... ";

    private Messages() {}

    /**
     * A message as one line that a terminal shows as it is: characters that control a terminal or the direction of text
     * are written as escapes, such as {@code \n} and {@code \u001b}, and what is longer than 2,000 characters loses its
     * middle.
     */
    public static String printable(String message) {
        StringBuilder line = new StringBuilder(message.length());
        message.chars().forEach(character -> append(line, (char) character));
        if (line.length() <= MAX_LENGTH) {
            return line.toString();
        }
        int kept = (MAX_LENGTH - GAP.length()) / 2;
        return line.substring(0, kept) + GAP + line.substring(line.length() - kept);
    }

    private static void append(StringBuilder line, char character) {
        switch (character) {
            case '\n' -> line.append("\\n");
            case '\r' -> line.append("\\r");
            case '\t' -> line.append("\\t");
            default -> {
                if (isShown(character)) {
                    line.append(character);
                } else {
                    line.append(String.format("\\u%04x", (int) character));
                }
            }
        }
    }

    /** False for control characters, marks of direction, and line and paragraph separators. */
    private static boolean isShown(char character) {
        return switch (Character.getType(character)) {
            case Character.CONTROL, Character.FORMAT, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> false;
            default -> true;
        };
    }
}
