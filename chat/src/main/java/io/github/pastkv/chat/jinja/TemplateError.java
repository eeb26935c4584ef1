package io.github.pastkv.chat.jinja;

/** What goes wrong inside a template, without the line, which {@link JinjaException} adds. */
final class TemplateError extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String reason;

    TemplateError(String reason) {
        super(reason, null, false, false);
        this.reason = reason;
    }

    String reason() {
        return reason;
    }
}
