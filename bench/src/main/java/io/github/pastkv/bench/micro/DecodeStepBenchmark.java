package io.github.pastkv.bench.micro;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.KvStep;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.kernels.Compute;
import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.KernelsChoice;
import io.github.pastkv.kernels.weights.ComputeType;
import io.github.pastkv.kernels.weights.LinearPrecision;
import io.github.pastkv.kernels.weights.WeightType;
import io.github.pastkv.model.ModelFolder;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.forward.ForwardPass;
import io.github.pastkv.model.forward.LayerRope;
import io.github.pastkv.model.forward.ModelWeights;
import io.github.pastkv.model.forward.Pass;
import io.github.pastkv.model.forward.RopeTables;
import io.github.pastkv.model.hooks.HookCatalog;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.tinymodel.TinyModel;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
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
 * Heap bytes per decoded token ({@code gc.alloc.rate.norm}), from token id to logits, of the shipped model; and the
 * time of a decode step beside a prefill. The target is no allocation.
 *
 * <p>Run: {@code mvn -Dquick -DskipTests -pl bench -am package -Dbenchmark="DecodeStepBenchmark -prof gc"}
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(value = 3, jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
@SuppressWarnings("NullAway.Init") // JMH sets the parameters, then calls load
public class DecodeStepBenchmark {
    private static final int RESTART_AT = 768;

    /** Threads of the step. */
    @Param({"1", "2"}) public int numThreads;

    /** Tokens of the step: 1 is decoding. */
    @Param({"1", "256"}) public int numTokens;

    /** Type of the inputs of linear layers. */
    @Param("F32") public ComputeType compute;

    /** What becomes of the weights. */
    @Param("STORED") public WeightType weightType;

    private final Arena arena = Arena.ofShared();
    private ModelFolder folder;
    private ForwardPass forwardPass;
    private LayerRope rope;
    private KvCache cache;
    private AttentionMask mask;
    private int[] tokenIds;
    private Tensor logits;

    /** Loads the model. */
    @Setup(Level.Trial)
    public void load() throws IOException {
        Path unpacked = Files.createTempDirectory("pastkv-bench");
        TinyModel.unpackTo(unpacked);
        folder = ModelFolder.open(unpacked);
        ModelConfig config = folder.config();
        KernelsChoice kernels = KernelsChoice.choose(null);
        rope = new RopeTables(config, arena).forLength(config.maxSeqLen());
        Compute compute = new Compute(kernels.kernels(), numThreads, config.numHeads(),
                config.toKvShape());
        forwardPass = new ForwardPass(HookCatalog.of(config, folder.tensors()), folder.tensors(),
                weights(config, kernels.kernels()), compute);
        cache = new KvCache(KvCacheConfig.of(config.toKvShape(), 1).withMaxTokens(config.maxSeqLen()));
        mask = AttentionMask.ones(1, numTokens);
        tokenIds = new int[numTokens];
        java.util.Arrays.setAll(tokenIds, i -> (i * 31 + 7) % config.vocabSize());
        logits = Tensor.allocate(arena, DataType.F32, 1, config.vocabSize());
    }

    private ModelWeights weights(ModelConfig config, Kernels kernels) {
        return ModelWeights.pack(config, folder.tensors(), (parts, owner) -> kernels.pack(parts, precision(), owner),
                arena);
    }

    private LinearPrecision precision() {
        return new LinearPrecision(compute, weightType);
    }

    /** Frees everything. */
    @TearDown(Level.Trial)
    public void free() {
        cache.close();
        forwardPass.close();
        folder.close();
        arena.close();
    }

    private final int[] logitTokens = new int[1];

    /** One step; the cache starts anew when it is nearly full. */
    @Benchmark
    public float step() {
        if (cache.numSlots() + numTokens > RESTART_AT) {
            cache.truncate(0);
        }
        logitTokens[0] = numTokens - 1;
        try (KvStep step = cache.beginStep(mask)) {
            forwardPass.run(new Pass(step, rope).tokens(tokenIds).logits(logitTokens, 1, logits));
            step.commit();
        }
        return logits.segment().get(java.lang.foreign.ValueLayout.JAVA_FLOAT, 0);
    }
}
