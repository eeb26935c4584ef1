package io.github.pastkv.chat.jinja.python;

import org.jspecify.annotations.Nullable;

/** Something that can be called. */
public interface Function {
    /** Calls it. */
    Object call(Arguments arguments);

    /** A named attribute, or null if there is none. */
    default @Nullable Object attribute(String name) {
        return null;
    }
}
