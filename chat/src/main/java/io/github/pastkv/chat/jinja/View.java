package io.github.pastkv.chat.jinja;

import java.util.List;

/** What {@code keys}, {@code values} and {@code items} of a dictionary give: it has a length, but no item by number. */
record View(String kind, List<Object> items) {}
