package io.github.pastkv.chat.jinja.python;

/** What goes wrong inside a template, without the line, which {@code JinjaException} adds. */
public final class TemplateError extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String reason;

    public TemplateError(String reason) {
        super(reason, null, false, false);
        this.reason = reason;
    }

    public String reason() {
        return reason;
    }
}
