package io.github.pastkv.chat.jinja.python;

import java.util.Map;

/** What {@code namespace()} makes: the only object whose attributes a template may set. */
public record Namespace(Map<String, Object> attributes) {}
