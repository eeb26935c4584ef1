package io.github.pastkv.bench.micro;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvStep;
import io.github.pastkv.cache.PrefixUse;
import io.github.pastkv.cache.mask.AttentionMask;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Time of a prefix hit: open an empty cache, begin a step after the prefix, and close both. The index holds eight texts
 * that begin alike. The target is 20 ns per token at 50,000 tokens.
 *
 * <p>Run: {@code mvn -Dquick -DskipTests -pl bench -am package -Dbenchmark=PrefixLookupBenchmark}
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
@SuppressWarnings("NullAway.Init") // JMH sets the parameter, then calls fill
public class PrefixLookupBenchmark {
    private static final int NUM_TEXTS = 8;

    /** Tokens that are found. */
    @Param({"1000", "50000"}) public int numTokens;

    private final int[][] texts = new int[NUM_TEXTS][];
    private AttentionMask mask;
    private FilledPool filled;
    private int next;

    /** Stores the texts; of eighths, text n has n in common with the first. */
    @Setup(Level.Trial)
    public void fill() {
        filled = new FilledPool();
        mask = AttentionMask.ones(1, numTokens + 1);
        for (int text = 0; text < NUM_TEXTS; text++) {
            texts[text] = filled.randomIds(numTokens + 1);
            int numShared = text * numTokens / NUM_TEXTS;
            System.arraycopy(texts[0], 0, texts[text], 0, numShared);
            try (KvCache cache = filled.open()) {
                filled.store(cache, Arrays.copyOf(texts[text], numTokens));
            }
        }
    }

    /** Frees them. */
    @TearDown(Level.Trial)
    public void free() {
        filled.close();
    }

    /** One request whose prompt is known but for its last token, a text after the other. */
    @Benchmark
    public int find() {
        int[] text = texts[next];
        next = (next + 1) % NUM_TEXTS;
        try (KvCache cache = filled.open(); KvStep step = cache.beginStep(mask, text, PrefixUse.REUSE)) {
            if (step.numReusedTokens(0) != numTokens) {
                throw new AssertionError(step.numReusedTokens(0));
            }
            return step.numReusedTokens(0);
        }
    }
}
