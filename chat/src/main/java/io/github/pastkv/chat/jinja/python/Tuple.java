package io.github.pastkv.chat.jinja.python;

import java.util.List;

/** A tuple. {@code fields} names its items where they have names, and is empty otherwise. */
public record Tuple(List<Object> items, List<String> fields) {
    public Tuple(Object... items) {
        this(List.of(items), List.of());
    }

    public static Tuple of(List<Object> items) {
        return new Tuple(items, List.of());
    }
}
