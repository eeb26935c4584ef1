package io.github.pastkv.chat.jinja.python;

import java.util.List;

/** What {@code keys}, {@code values} and {@code items} of a dictionary give: it has a length, but no item by number. */
public record View(String kind, List<Object> items) {}
