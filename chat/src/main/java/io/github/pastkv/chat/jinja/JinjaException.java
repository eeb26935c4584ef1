package io.github.pastkv.chat.jinja;

/**
 * A template that cannot be parsed or rendered, or that refuses its values; the message names the line and the cause.
 */
public final class JinjaException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String reason;

    JinjaException(int line, String reason) {
        super("line " + line + ": " + reason);
        this.reason = reason;
    }

    JinjaException(String reason) {
        super(reason);
        this.reason = reason;
    }

    /** The cause without the line: what {@code raise_exception} was called with, for example. */
    public String reason() {
        return reason;
    }
}
