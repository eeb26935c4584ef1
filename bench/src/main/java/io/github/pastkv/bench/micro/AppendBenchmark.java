package io.github.pastkv.bench.micro;

import io.github.pastkv.cache.AttentionMask;
import io.github.pastkv.cache.DataType;
import io.github.pastkv.cache.FixedKvCache;
import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.KvShape;
import io.github.pastkv.cache.KvStep;
import io.github.pastkv.cache.Tensor;
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
 * Does the append of one token grow with the past? Time and bytes allocated ({@code gc.alloc.rate.norm}) must not differ
 * between a past of 1,024 and of 65,536 slots, in each of the three ways to append.
 *
 * <p>Run: {@code mvn -Dquick -DskipTests -pl bench -am package -Dbenchmark="AppendBenchmark -prof gc"}
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime) // an append changes the past, so a fixed number of them is one measurement
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 30, batchSize = AppendBenchmark.APPENDS)
@Measurement(iterations = 60, batchSize = AppendBenchmark.APPENDS)
@Fork(3)
public class AppendBenchmark {
    /** Appends per measurement; figures are for all of them together. */
    public static final int APPENDS = 512;

    private static final KvShape SHAPE = new KvShape(3, 2, 64);
    private static final AttentionMask ONE_SLOT = AttentionMask.ones(1, 1);

    /** Slots in the cache before the appends. */
    @Param({"1024", "65536"}) public int pastSlots;

    private final Tensor key = Tensor.of(new float[128], 1, 128);
    private final Tensor entryKey = key.reshape(1, 1, 2, 64);
    private final Tensor fixedKey = key.reshape(1, 2, 1, 64);
    private KvCache cache;
    private FixedKvCache fixedCache;

    /** Fills the past before each measurement. */
    @Setup(Level.Iteration)
    public void fill() {
        cache = new KvCache(KvCacheConfig.of(SHAPE, 1));
        Tensor past = Tensor.of(new float[pastSlots * 128], pastSlots, 128);
        try (KvStep step = cache.beginStep(AttentionMask.ones(1, pastSlots))) {
            for (int layer = 0; layer < SHAPE.numLayers(); layer++) {
                step.write(layer, past, past, 0, 0, pastSlots);
            }
            step.commit();
        }
        fixedCache = new FixedKvCache(1, pastSlots + APPENDS, 2, 64, DataType.F32);
        Tensor fixedPast = past.reshape(1, pastSlots, 2, 64).transpose(1, 2);
        fixedCache.update(fixedPast, fixedPast);
    }

    /** Frees the past after each measurement. */
    @TearDown(Level.Iteration)
    public void free() {
        cache.close();
        fixedCache.close();
    }

    /** A model's step: one token in all layers. */
    @Benchmark
    public int step() {
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
        return cache.entry(0).append(entryKey, entryKey);
    }

    /** The fixed cache, as in torchtune. */
    @Benchmark
    public Object update() {
        return fixedCache.update(fixedKey, fixedKey);
    }
}
