package io.github.pastkv.chat.jinja;

import java.util.Map;

/** What {@code namespace()} makes: the only object whose attributes a template may set. */
record Namespace(Map<String, Object> attributes) {}
