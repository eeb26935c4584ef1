package io.github.pastkv.lens;

import io.github.pastkv.model.hooks.HookFilter;

/**
 * Selects the activations that a run keeps.
 *
 * @param filter which hooks
 * @param slots which of the run's new slots, where an activation has that axis
 * @param rows which rows
 * @param offHeap whether they are kept outside the heap, until the cache is closed
 */
public record Capture(HookFilter filter, Range slots, Range rows, boolean offHeap) {
    /**
     * Indices {@code [from, to)}.
     *
     * @param from first; below 0 counted from the end
     * @param to end; below 0 counted from the end, {@link #TO_END} for the end itself
     */
    public record Range(int from, int to) {
        /** Stands for the end. */
        public static final int TO_END = Integer.MAX_VALUE;
        /** Everything. */
        public static final Range ALL = new Range(0, TO_END);

        /** The last one. */
        public static Range last() {
            return new Range(-1, TO_END);
        }

        /** One index. */
        public static Range of(int index) {
            return new Range(index, index == -1 ? TO_END : index + 1);
        }

        Range in(String what, long length) {
            long first = from < 0 ? from + length : from;
            long end = to == TO_END ? length : to < 0 ? to + length : to;
            if (first < 0 || first > end || end > length) {
                throw new IllegalArgumentException(what + ": [" + from + ", " + (to == TO_END ? "end" : to)
                        + ") of " + length);
            }
            return new Range((int) first, (int) end);
        }

        boolean isAll() {
            return from == 0 && to == TO_END;
        }
    }

    /** Every standard hook, whole, on the heap. */
    public static Capture all() {
        return of(HookFilter.all());
    }

    /** These names, shorthands and patterns, whole, on the heap. */
    public static Capture of(String... patterns) {
        return of(HookFilter.of(patterns));
    }

    /** These hooks, whole, on the heap. */
    public static Capture of(HookFilter filter) {
        return new Capture(filter, Range.ALL, Range.ALL, false);
    }

    /** Only these of the run's new slots. */
    public Capture withSlots(Range newSlots) {
        return new Capture(filter, newSlots, rows, offHeap);
    }

    /** Only these rows. */
    public Capture withRows(Range newRows) {
        return new Capture(filter, slots, newRows, offHeap);
    }

    /** Outside the heap. */
    public Capture withOffHeap() {
        return new Capture(filter, slots, rows, true);
    }
}
