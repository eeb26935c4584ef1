package io.github.pastkv.chat.jinja;

/** What is not there. It renders as nothing, is false and empty; any other use is an error with this message. */
record Undefined(String message) {
    TemplateError error() {
        return new TemplateError(message);
    }
}
