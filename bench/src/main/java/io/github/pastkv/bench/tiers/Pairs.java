package io.github.pastkv.bench.tiers;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Times one thing without and with tiers in turn, so that slow changes of the machine meet both alike. Processor time
 * is that of the whole process: it has what threads behind do too.
 */
final class Pairs {
    /** What is timed; all but it is around the times. */
    @FunctionalInterface
    interface Run {
        /** Runs with tiers or without, and returns what {@link #times} has measured. */
        Times run(boolean withTiers) throws IOException;
    }

    /** Time and processor time in nanoseconds. */
    record Times(long nanos, long processorNanos) {}

    private final List<Double> timeRatios = new ArrayList<>();
    private final List<Double> processorRatios = new ArrayList<>();

    private Pairs() {}

    static Times times(Runnable timed) {
        long processor = processorNanos();
        long start = System.nanoTime();
        timed.run();
        return new Times(System.nanoTime() - start, processorNanos() - processor);
    }

    private static long processorNanos() {
        return ProcessHandle.current().info().totalCpuDuration().orElseThrow().toNanos();
    }

    /** Prints a line for each pair, and the medians of the ratios with to without. */
    static void print(int count, Run run) throws IOException {
        Pairs pairs = new Pairs();
        for (int pair = 0; pair < count; pair++) {
            pairs.add(run, pair % 2 == 0);
        }
        if (count > 0) {
            System.out.printf(Locale.ROOT, "%d pairs, with to without: time %.4f, processor time %.4f (medians)%n",
                    count, Medians.of(pairs.timeRatios), Medians.of(pairs.processorRatios));
        }
    }

    private void add(Run run, boolean beginsWithout) throws IOException {
        Times first = run.run(!beginsWithout);
        Times second = run.run(beginsWithout);
        Times without = beginsWithout ? first : second;
        Times with = beginsWithout ? second : first;
        timeRatios.add((double) with.nanos() / without.nanos());
        processorRatios.add((double) with.processorNanos() / without.processorNanos());
        System.out.printf(Locale.ROOT,
                "pair: without %.1f ms, with %.1f ms; processor time %.0f and %.0f ms%n", without.nanos() / 1e6,
                with.nanos() / 1e6, without.processorNanos() / 1e6, with.processorNanos() / 1e6);
    }
}
