package io.github.pastkv.serve.run;

import java.util.ArrayList;
import java.util.List;

/** When the parts of a prompt's run took place, by one monotonic clock. For the thread that runs it. */
final class RunTimes {
    private final long arrival;
    private long start;
    private long firstToken;
    private long lastToken;
    private final long[] lastTokens; // of each answer
    private final List<Double> gapSeconds = new ArrayList<>();

    RunTimes(long arrivalNanos, int numAnswers) {
        this.arrival = arrivalNanos;
        this.start = arrivalNanos;
        this.lastTokens = new long[numAnswers];
    }

    void started() {
        start = System.nanoTime();
    }

    void token(int answer) {
        long now = System.nanoTime();
        if (firstToken == 0) {
            firstToken = now;
        }
        if (lastTokens[answer] != 0) {
            gapSeconds.add(seconds(lastTokens[answer], now));
        }
        lastTokens[answer] = now;
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

    /** From the start to the last token. */
    double inferenceSeconds() {
        return seconds(start, lastToken);
    }

    double totalSeconds() {
        return seconds(arrival, System.nanoTime());
    }

    /** From each token of an answer to the next one of it. */
    List<Double> gapSeconds() {
        return gapSeconds;
    }

    private static double seconds(long from, long to) {
        return (to - from) * 1e-9;
    }
}
