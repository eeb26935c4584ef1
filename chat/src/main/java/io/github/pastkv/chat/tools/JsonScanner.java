package io.github.pastkv.chat.tools;

/** Finds the end of a JSON object in a text that comes in pieces. */
final class JsonScanner {
    private int depth;
    private boolean inString;
    private boolean isEscaped;
    private boolean isComplete;

    /** Reads on; returns how many of these characters belong to the object. */
    int scan(CharSequence text) {
        int at = 0;
        while (at < text.length() && !isComplete) {
            read(text.charAt(at++));
        }
        return at;
    }

    private void read(char c) {
        if (isEscaped) {
            isEscaped = false;
        } else if (inString) {
            isEscaped = c == '\\';
            inString = c != '"';
        } else if (c == '"') {
            inString = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            isComplete = --depth == 0;
        }
    }

    /** Whether the whole object has been read. */
    boolean isComplete() {
        return isComplete;
    }
}
