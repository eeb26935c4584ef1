package io.github.pastkv.chat.jinja.python;

import java.util.Iterator;
import java.util.List;

/** What filters such as {@code map} give: a sequence that is gone through once. */
public record Generator(Iterator<Object> items) {
    public Generator(List<Object> items) {
        this(items.iterator());
    }
}
