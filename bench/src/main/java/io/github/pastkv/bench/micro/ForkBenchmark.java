package io.github.pastkv.bench.micro;

import io.github.pastkv.cache.KvCache;
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
 * Time to fork a cache of indexed tokens and to close the fork. The target for the fork is 10 microseconds per 1,000
 * tokens.
 *
 * <p>Run: {@code mvn -Dquick -DskipTests -pl bench -am package -Dbenchmark=ForkBenchmark}
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
@SuppressWarnings("NullAway.Init") // JMH sets the parameter, then calls fill
public class ForkBenchmark {
    /** Tokens in the cache. */
    @Param({"1024", "65536"}) public int numTokens;

    private FilledPool filled;
    private KvCache cache;

    /** Stores a text. */
    @Setup(Level.Trial)
    public void fill() {
        filled = new FilledPool();
        cache = filled.open();
        filled.store(cache, filled.randomIds(numTokens));
    }

    /** Frees it. */
    @TearDown(Level.Trial)
    public void free() {
        cache.close();
        filled.close();
    }

    /** One fork and its end. */
    @Benchmark
    public int forkAndClose() {
        try (KvCache fork = cache.fork()) {
            return fork.numSlots();
        }
    }
}
