package io.github.pastkv.cli;

import io.github.pastkv.lens.patching.SweepListener;
import java.util.Locale;
import java.util.function.BooleanSupplier;

/** How a grid gets on, in words: cells done, cells a second, time left. Heard on one thread, asked on another. */
final class PatchProgress implements SweepListener {
    private final String name;
    private final long numCells;
    private final BooleanSupplier isStopped;
    private final long startNanos = System.nanoTime();
    private volatile long numDone;

    PatchProgress(String name, long numCells, BooleanSupplier isStopped) {
        this.name = name;
        this.numCells = numCells;
        this.isStopped = isStopped;
    }

    @Override
    public boolean onProgress(long newNumDone, long ofCells) {
        numDone = newNumDone;
        return !isStopped.getAsBoolean();
    }

    /** For example {@code patching resid_pre, 300 of 1,200 runs, 150 a second, 6 s left}. */
    String text() {
        return text((System.nanoTime() - startNanos) / 1e9);
    }

    /** The same after some time. */
    String text(double seconds) {
        long done = numDone;
        if (done == 0 || seconds <= 0) {
            return String.format(Locale.ROOT, "patching %s, %,d runs", name, numCells);
        }
        double rate = done / seconds;
        return String.format(Locale.ROOT, "patching %s, %,d of %,d runs, %,.0f a second, %,.0f s left", name, done,
                numCells, rate, (numCells - done) / rate);
    }
}
