package io.github.pastkv.cli.sweep;

import io.github.pastkv.lens.patching.SweepListener;
import io.github.pastkv.lens.sweep.AblationCase;
import io.github.pastkv.lens.sweep.SweepResult;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/** How a sweep gets on, in words: cells done, cells a second, time left. Heard on one thread, asked on another. */
final class SweepProgress implements SweepListener {
    private final String doing;
    private final long numCells;
    private final int numCases;
    private final BooleanSupplier isStopped;
    private final long startNanos = System.nanoTime();
    private final long numDoneAtStart;
    private long numBefore; // cells that were done before this task
    private final AtomicInteger caseNumber;
    private volatile String name = "";
    private volatile long numDone;

    /** What there is to do, in a word: cells, how many of them are done, cases, how many of them are complete. */
    record Extent(String doing, long numCells, long numDone, int numCases, int numCasesDone) {
        static Extent of(SweepResult result) {
            String doing = result.sweep().cases().getFirst() instanceof AblationCase ? "ablating" : "patching";
            return new Extent(doing, result.numCells(), result.numDone(), result.sweep().cases().size(),
                    result.numCasesDone());
        }
    }

    SweepProgress(Extent extent, BooleanSupplier isStopped) {
        this.doing = extent.doing();
        this.numCells = extent.numCells();
        this.numDoneAtStart = extent.numDone();
        this.numDone = numDoneAtStart;
        this.numCases = extent.numCases();
        this.caseNumber = new AtomicInteger(extent.numCasesDone() + 1);
        this.isStopped = isStopped;
    }

    /** The next task begins. */
    void begin(String grid, int caseIndex) {
        numBefore = numDone;
        name = grid;
        caseNumber.set(caseIndex + 1);
    }

    @Override
    public boolean onProgress(long numDoneOfTask, long numTaskCells) {
        numDone = numBefore + numDoneOfTask;
        return !isStopped.getAsBoolean();
    }

    /** For example {@code patching resid_pre, 300 of 1,200 cells, 150 a second, 6 s left}. */
    String text() {
        return text((System.nanoTime() - startNanos) / 1e9);
    }

    /** The same after some time. */
    String text(double seconds) {
        long done = numDone;
        String what =
                name + (numCases == 1 ? "" : String.format(Locale.ROOT, " of pair %,d of %,d", caseNumber.get(),
                        numCases));
        if (done == numDoneAtStart || seconds <= 0) {
            return String.format(Locale.ROOT, "%s %s, %,d cells", doing, what, numCells - done);
        }
        double rate = (done - numDoneAtStart) / seconds;
        return String.format(Locale.ROOT, "%s %s, %,d of %,d cells, %,.0f a second, %,.0f s left", doing, what, done,
                numCells, rate, (numCells - done) / rate);
    }
}
