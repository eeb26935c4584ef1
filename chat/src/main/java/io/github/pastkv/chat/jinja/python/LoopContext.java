package io.github.pastkv.chat.jinja.python;

/** The variable {@code loop} as Python's operators see it: an iterable with a length. */
public interface LoopContext {
    /** Number of items of the loop. */
    long length();
}
