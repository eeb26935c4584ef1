package io.github.pastkv.chat.jinja;

/**
 * A piece of a template.
 *
 * @param text data, a name, an operator as written, the value of a string, or the digits of a number
 * @param line counted from 1
 */
record Token(Kind kind, String text, int line) {
    enum Kind {
        DATA, BLOCK_BEGIN, BLOCK_END, VARIABLE_BEGIN, VARIABLE_END, NAME, STRING, INTEGER, FLOAT, OPERATOR, END
    }

    boolean is(Kind wanted, String wantedText) {
        return kind == wanted && text.equals(wantedText);
    }

    boolean isOperator(String operator) {
        return is(Kind.OPERATOR, operator);
    }

    boolean isName(String name) {
        return is(Kind.NAME, name);
    }

    /** For messages. */
    String described() {
        return switch (kind) {
            case DATA -> "template data";
            case BLOCK_BEGIN, BLOCK_END -> "the " + (kind == Kind.BLOCK_END ? "end" : "beginning") + " of a tag";
            case VARIABLE_BEGIN, VARIABLE_END ->
                    "the " + (kind == Kind.VARIABLE_END ? "end" : "beginning") + " of an output";
            case END -> "the end of the template";
            default -> "'" + text + "'";
        };
    }
}
