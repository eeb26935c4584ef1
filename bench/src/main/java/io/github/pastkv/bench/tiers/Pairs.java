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
    /** What is timed. */
    @FunctionalInterface
    interface Run {
        /** Runs, with tiers or without, and returns nanoseconds. */
        long run(boolean withTiers) throws IOException;
    }

    private final List<Double> timeRatios = new ArrayList<>();
    private final List<Double> processorRatios = new ArrayList<>();

    private Pairs() {}

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
        long[] nanos = new long[2];
        long[] processorNanos = new long[2];
        for (int i = 0; i < 2; i++) {
            int which = beginsWithout ? i : 1 - i;
            long start = processorNanos();
            nanos[which] = run.run(which == 1);
            processorNanos[which] = processorNanos() - start;
        }
        timeRatios.add((double) nanos[1] / nanos[0]);
        processorRatios.add((double) processorNanos[1] / processorNanos[0]);
        System.out.printf(Locale.ROOT,
                "pair: without %.1f ms, with %.1f ms; processor time with loading the model %.0f and %.0f ms%n",
                nanos[0] / 1e6, nanos[1] / 1e6, processorNanos[0] / 1e6, processorNanos[1] / 1e6);
    }

    private static long processorNanos() {
        return ProcessHandle.current().info().totalCpuDuration().orElseThrow().toNanos();
    }
}
