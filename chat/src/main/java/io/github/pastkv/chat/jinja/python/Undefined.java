package io.github.pastkv.chat.jinja.python;

/** What is not there. It renders as nothing, is false and empty; any other use is an error with this message. */
public record Undefined(String message) {
    public TemplateError error() {
        return new TemplateError(message);
    }
}
