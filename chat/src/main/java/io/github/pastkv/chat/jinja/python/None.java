package io.github.pastkv.chat.jinja.python;

/** Python's {@code None}. */
public enum None {
    NONE;

    @Override
    public String toString() {
        return "None";
    }
}
