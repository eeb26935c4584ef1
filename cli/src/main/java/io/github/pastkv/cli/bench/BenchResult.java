package io.github.pastkv.cli.bench;

import java.util.List;
import java.util.OptionalDouble;

/**
 * What a case came to, beside what the machine can do.
 *
 * @param seconds time of each repetition, ascending
 * @param weightBytes bytes of weights that had to be read in one repetition
 * @param cacheBytes bytes of keys and values that had to be read in one repetition
 * @param multiplyAdds multiply-adds of one repetition
 * @param readLimit bytes a second that the machine reads of a buffer as large as what a pass reads
 * @param multiplyAddLimit f32 multiply-adds a second of the machine
 */
record BenchResult(BenchCase test, List<Double> seconds, int numPasses, double weightBytes, double cacheBytes,
        double multiplyAdds, double readLimit, double multiplyAddLimit) {
    BenchResult {
        seconds = seconds.stream().sorted().toList();
    }

    /** Of the repetitions. */
    double medianSeconds() {
        int middle = seconds.size() / 2;
        return seconds.size() % 2 == 1 ? seconds.get(middle) : (seconds.get(middle - 1) + seconds.get(middle)) / 2;
    }

    double tokensPerSecond() {
        return test.totalTokens() / medianSeconds();
    }

    double minTokensPerSecond() {
        return test.totalTokens() / seconds.getLast();
    }

    double maxTokensPerSecond() {
        return test.totalTokens() / seconds.getFirst();
    }

    double bytesPerPass() {
        return (weightBytes + cacheBytes) / numPasses;
    }

    double bytesPerSecond() {
        return (weightBytes + cacheBytes) / medianSeconds();
    }

    double multiplyAddsPerSecond() {
        return multiplyAdds / medianSeconds();
    }

    /**
     * Bytes of the cache a second over the time that this case takes longer than the same one at depth 0; empty for a
     * prompt, where arithmetic is what takes the time.
     */
    OptionalDouble cacheBytesPerSecond(BenchResult shallow) {
        double moreSeconds = medianSeconds() - shallow.medianSeconds();
        if (test.kind() == BenchCase.Kind.PROMPT || test.depth() == 0 || moreSeconds <= 0) {
            return OptionalDouble.empty();
        }
        return OptionalDouble.of((cacheBytes - shallow.cacheBytes) / moreSeconds);
    }
}
