package io.github.pastkv.bench.micro;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.KvStep;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.tensor.Tensor;
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
 * Appending a token must not slow down with the past: time and heap bytes ({@code gc.alloc.rate.norm}) at 1,024 and
 * 65,536 slots. After 512 appends the cache is truncated, so that the past stays the same.
 *
 * <p>Run: {@code mvn -Dquick -DskipTests -pl bench -am package -Dbenchmark="AppendBenchmark -prof gc"}
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
@Fork(3)
@SuppressWarnings("NullAway.Init") // JMH sets the parameter, then calls fill
public class AppendBenchmark {
    private static final int APPENDS_BEFORE_CUT = 512;
    private static final KvShape SHAPE = new KvShape(3, 2, 64);
    private static final AttentionMask ONE_SLOT = AttentionMask.ones(1, 1);

    /** Slots in the cache before the appends. */
    @Param({"1024", "65536"}) public int pastSlots;

    private final Tensor key = Tensor.of(new float[128], 1, 128);
    private final Tensor entryKey = key.reshape(1, 1, 2, 64);
    private KvCache cache;
    private int numAppended;

    /** Fills the past. */
    @Setup(Level.Trial)
    public void fill() {
        cache = new KvCache(KvCacheConfig.of(SHAPE, 1));
        Tensor past = Tensor.of(new float[pastSlots * 128], pastSlots, 128);
        try (KvStep step = cache.beginStep(AttentionMask.ones(1, pastSlots))) {
            for (int layer = 0; layer < SHAPE.numLayers(); layer++) {
                step.write(layer, past, past, 0, 0, pastSlots);
            }
            step.commit();
        }
        numAppended = 0;
    }

    /** Frees the past. */
    @TearDown(Level.Trial)
    public void free() {
        cache.close();
    }

    /** A model's step: one token in all three layers. */
    @Benchmark
    public int step() {
        cutBackIfDue();
        try (KvStep step = cache.beginStep(ONE_SLOT)) {
            for (int layer = 0; layer < SHAPE.numLayers(); layer++) {
                step.write(layer, key, key, 0, 0, 1);
            }
            step.commit();
        }
        return cache.numSlots();
    }

    /** One layer's entry, as in TransformerLens; it returns a view of past and new. */
    @Benchmark
    public Object entryAppend() {
        cutBackIfDue();
        return cache.entry(0).append(entryKey, entryKey);
    }

    private void cutBackIfDue() {
        if (++numAppended == APPENDS_BEFORE_CUT) {
            numAppended = 0;
            cache.truncate(pastSlots);
        }
    }
}
