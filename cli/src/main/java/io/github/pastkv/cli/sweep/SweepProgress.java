package io.github.pastkv.cli.sweep;

import io.github.pastkv.lens.patching.SweepListener;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/** How a sweep gets on, in words: cells done, cells a second, time left. Heard on one thread, asked on another. */
final class SweepProgress implements SweepListener {
    private final long numCells;
    private final int numCases;
    private final BooleanSupplier isStopped;
    private final long startNanos = System.nanoTime();
    private final long numDoneAtStart;
    private long numBefore; // cells of the grids before this one that are done
    private final AtomicInteger numCasesDone;
    private volatile String name = "";
    private volatile long numDone;

    /** What is to do: cells, those of them that are done, cases. */
    record Extent(long numCells, long numDone, int numCases, int numCasesDone) {
        static Extent of(List<SweepNumbers> cases) {
            return new Extent(cases.stream().mapToLong(SweepNumbers::numCells).sum(),
                    cases.stream().mapToLong(SweepNumbers::numDone).sum(), cases.size(),
                    Math.toIntExact(cases.stream().filter(SweepNumbers::isComplete).count()));
        }
    }

    SweepProgress(Extent extent, BooleanSupplier isStopped) {
        this.numCells = extent.numCells();
        this.numDoneAtStart = extent.numDone();
        this.numDone = numDoneAtStart;
        this.numCases = extent.numCases();
        this.numCasesDone = new AtomicInteger(extent.numCasesDone());
        this.isStopped = isStopped;
    }

    /** The next grid begins. */
    void begin(String newName, long numDoneOfIt) {
        numBefore = numDone - numDoneOfIt;
        name = newName;
    }

    /** A case is complete. */
    void endCase() {
        numCasesDone.incrementAndGet();
    }

    @Override
    public boolean onProgress(long ofGrid, long ofCells) {
        numDone = numBefore + ofGrid;
        return !isStopped.getAsBoolean();
    }

    /** For example {@code patching resid_pre, 300 of 1,200 runs, 150 a second, 6 s left}. */
    String text() {
        return text((System.nanoTime() - startNanos) / 1e9);
    }

    /** The same after some time. */
    String text(double seconds) {
        long done = numDone;
        String what =
                name + (numCases == 1 ? "" : String.format(Locale.ROOT, " of pair %,d of %,d", numCasesDone.get() + 1,
                        numCases));
        if (done == numDoneAtStart || seconds <= 0) {
            return String.format(Locale.ROOT, "patching %s, %,d runs", what, numCells - done);
        }
        double rate = (done - numDoneAtStart) / seconds;
        return String.format(Locale.ROOT, "patching %s, %,d of %,d runs, %,.0f a second, %,.0f s left", what, done,
                numCells, rate, (numCells - done) / rate);
    }
}
