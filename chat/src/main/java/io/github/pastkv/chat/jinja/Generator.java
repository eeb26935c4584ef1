package io.github.pastkv.chat.jinja;

import java.util.Iterator;
import java.util.List;

/** What filters such as {@code map} give: a sequence that is gone through once. */
record Generator(Iterator<Object> items) {
    Generator(List<Object> items) {
        this(items.iterator());
    }
}
