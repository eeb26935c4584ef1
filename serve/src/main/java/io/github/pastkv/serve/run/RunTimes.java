package io.github.pastkv.serve.run;

import java.util.ArrayList;
import java.util.List;

/** When the parts of a prompt's run took place, by one monotonic clock. For the thread that runs it. */
final class RunTimes {
    private final long arrival;
    private long start;
    private long firstToken;
    private long lastToken;
    private final List<Double> gapSeconds = new ArrayList<>();

    RunTimes(long arrivalNanos) {
        this.arrival = arrivalNanos;
        this.start = arrivalNanos;
    }

    void started() {
        start = System.nanoTime();
    }

    void token() {
        long now = System.nanoTime();
        if (firstToken == 0) {
            firstToken = now;
        } else {
            gapSeconds.add(seconds(lastToken, now));
        }
        lastToken = now;
    }

    boolean hasToken() {
        return firstToken != 0;
    }

    double queueSeconds() {
        return seconds(arrival, start);
    }

    double firstTokenSeconds() {
        return seconds(arrival, firstToken);
    }

    double prefillSeconds() {
        return seconds(start, firstToken);
    }

    double decodeSeconds() {
        return seconds(firstToken, lastToken);
    }

    double totalSeconds() {
        return seconds(arrival, System.nanoTime());
    }

    List<Double> gapSeconds() {
        return gapSeconds;
    }

    private static double seconds(long from, long to) {
        return (to - from) * 1e-9;
    }
}
