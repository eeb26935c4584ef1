package io.github.pastkv.chat.jinja;

import java.util.List;

/** A tuple. {@code fields} names its items where they have names, and is empty otherwise. */
record Tuple(List<Object> items, List<String> fields) {
    Tuple(Object... items) {
        this(List.of(items), List.of());
    }

    static Tuple of(List<Object> items) {
        return new Tuple(items, List.of());
    }
}
