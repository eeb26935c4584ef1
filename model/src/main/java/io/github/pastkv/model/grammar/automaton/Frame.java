package io.github.pastkv.model.grammar.automaton;

import org.jspecify.annotations.Nullable;

/**
 * A frame of the stack of calls: where to go on when a rule ends. Stacks share their lower frames; equal ones of one
 * cache are the same object.
 *
 * @param serial orders the frames of a cache
 * @param node after the call
 * @param caller the frame below; null if it was the root that called
 */
record Frame(long serial, int node, @Nullable Frame caller) {
    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(serial);
    }

    @Override
    public String toString() {
        return "Frame[" + node + "]";
    }
}
