package io.github.pastkv.chat.jinja.python;

import java.util.List;
import java.util.function.Supplier;

/**
 * What one rendering may use: steps, depth, characters made, and time. So a template that never ends, or that grows
 * without end, is an error; an interrupt of the thread ends it as well.
 */
public final class Budget {
    private static final long MAX_STEPS = 5_000_000;
    private static final int MAX_DEPTH = 1000;
    private static final long MAX_CHARS = 32_000_000;
    private static final long MAX_NANOS = 20_000_000_000L;
    private static final int STEPS_BETWEEN_LOOKS = 4096;

    private static final ScopedValue<Budget> CURRENT = ScopedValue.newInstance();

    private final long maxSteps;
    private final long maxChars;
    private final long start = System.nanoTime();
    private long numSteps;
    private long numChars;
    private int depth;

    /**
     * @param numInputChars characters of the template and its values, which raise the limits
     */
    public Budget(long numInputChars) {
        this.maxSteps = MAX_STEPS + 10 * numInputChars;
        this.maxChars = MAX_CHARS + 100 * numInputChars;
    }

    /** Runs a rendering within this budget. */
    public <T> T run(Supplier<T> rendering) {
        return ScopedValue.where(CURRENT, this).call(rendering::get);
    }

    /** Counts steps of the rendering on this thread. */
    public static void step(long count) {
        CURRENT.get().addSteps(count);
    }

    /** Counts characters that the rendering on this thread is about to make. */
    public static void chars(long count) {
        CURRENT.get().addChars(count);
    }

    /** {@code text}, whose characters are counted. */
    public static String counted(String text) {
        chars(text.length());
        return text;
    }

    /** {@code items}, each of which counts as a step. */
    public static List<Object> counted(List<Object> items) {
        step(items.size());
        return items;
    }

    /** Goes a level deeper. */
    public static void enter() {
        if (++CURRENT.get().depth > MAX_DEPTH) {
            throw new TemplateError("more than " + MAX_DEPTH + " levels of expressions and calls");
        }
    }

    /** Comes back from {@link #enter}. */
    public static void leave() {
        CURRENT.get().depth--;
    }

    private void addSteps(long count) {
        long before = numSteps / STEPS_BETWEEN_LOOKS;
        numSteps += count;
        if (numSteps > maxSteps) {
            throw new TemplateError("more than " + maxSteps + " steps");
        }
        if (numSteps / STEPS_BETWEEN_LOOKS != before) {
            look();
        }
    }

    private void look() {
        if (Thread.currentThread().isInterrupted()) {
            throw new TemplateError("interrupted");
        }
        if (System.nanoTime() - start > MAX_NANOS) {
            throw new TemplateError("more than " + MAX_NANOS / 1_000_000_000 + " seconds");
        }
    }

    private void addChars(long count) {
        numChars += count;
        if (numChars > maxChars || count < 0) {
            throw new TemplateError("more than " + maxChars + " characters are made");
        }
        addSteps(count / 256);
    }
}
