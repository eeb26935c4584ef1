package io.github.pastkv.bench.micro;

import io.github.pastkv.cache.layout.KvBlocks;
import io.github.pastkv.cache.layout.KvLayout;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvTypes;
import io.github.pastkv.cache.layout.TiledKvLayout;
import io.github.pastkv.kernels.AttentionTile;
import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.KernelsChoice;
import io.github.pastkv.kernels.ScoreForm;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
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
 * Speed of attention: scores, softmax and weighted values of all heads of one layer on one thread. {@code cacheBytes}
 * per nanosecond are GB/s, {@code flops} per nanosecond GFLOP/s (without the softmax).
 *
 * <p>Run: {@code mvn -Dquick -DskipTests -pl bench -am package -Dbenchmark="AttentionBenchmark -prof gc"}
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 1)
@Fork(value = 3, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@SuppressWarnings("NullAway.Init") // JMH sets the parameters, then calls setup
public class AttentionBenchmark {
    private static final int KV_HEADS = 8;
    private static final int HEAD_DIM = 64;
    private static final int BLOCK_SIZE = 16;
    private static final float SCALE = 0.125f;

    @Param({"scalar", "vector"}) public String kernels;

    @Param({"F32", "BF16", "F16", "Q8"}) public KvType kvType;

    @Param({"1", "3", "8"}) public int gqaGroupSize;

    /** Positions that the last query sees. */
    @Param({"1024", "4096"}) public int kvLength;

    /** 1 is decoding; more is a piece of a prompt. */
    @Param({"1", "8"}) public int numQueries;

    private final Arena arena = Arena.ofConfined();
    private Kernels chosen;
    private AttentionTile tile;

    /** One block after the other. */
    private record InOrder(KvLayout layout, MemorySegment memory) implements KvBlocks {
        @Override
        public MemorySegment segment(int logicalBlock) {
            return memory;
        }

        @Override
        public long blockByteOffset(int logicalBlock) {
            return logicalBlock * layout.blockBytes();
        }
    }

    /** What an invocation does. */
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    public static class Work {
        public long flops;
        public long cacheBytes;
    }

    /** Fills the cache; all values are one, so every output must be one. */
    @Setup
    public void setup() {
        KvLayout layout = new TiledKvLayout(new KvShape(1, KV_HEADS, HEAD_DIM), KvTypes.of(kvType), BLOCK_SIZE);
        InOrder blocks = new InOrder(layout, arena.allocate(kvLength / BLOCK_SIZE * layout.blockBytes(), 64));
        Random random = new Random(20256);
        Tensor ones = random(random, 1, HEAD_DIM);
        for (int dim = 0; dim < HEAD_DIM; dim++) {
            ones.set(1f, 0, dim);
        }
        for (int position = 0; position < kvLength; position++) {
            Tensor key = Tensor.wrap(DataType.F32, random(random, 1, HEAD_DIM).segment(), HEAD_DIM);
            long block = blocks.blockByteOffset(position / BLOCK_SIZE);
            for (int kvHead = 0; kvHead < KV_HEADS; kvHead++) {
                layout.writeKey(blocks.memory, block, 0, kvHead, position % BLOCK_SIZE, key.segment(), 0);
                layout.writeValue(blocks.memory, block, 0, kvHead, position % BLOCK_SIZE, ones.segment(), 0);
            }
        }
        int width = KV_HEADS * gqaGroupSize * HEAD_DIM;
        Tensor out = Tensor.allocate(arena, DataType.F32, numQueries, width);
        chosen = KernelsChoice.choose(kernels).kernels();
        tile = new AttentionTile(gqaGroupSize, HEAD_DIM);
        tile.bind(blocks, 0, ScoreForm.scaled(SCALE), random(random, numQueries, width), out);
        attend();
        for (float number : out.toFloatArray()) {
            if (!(Math.abs(number - 1) < 1e-4)) {
                throw new IllegalStateException("output: " + number + ", must be 1");
            }
        }
    }

    private Tensor random(Random random, long rows, long columns) {
        Tensor tensor = Tensor.allocate(arena, DataType.F32, rows, columns);
        for (long i = 0; i < rows * columns; i++) {
            DataType.F32.write(tensor.segment(), 4 * i, random.nextFloat() - 0.5f);
        }
        return tensor;
    }

    @TearDown
    public void tearDown() {
        tile.close();
        arena.close();
    }

    @Benchmark
    public void attention(Work work) {
        attend();
        work.flops += 4L * numQueries * gqaGroupSize * KV_HEADS * HEAD_DIM * kvLength;
        work.cacheBytes += 2L * KV_HEADS * kvLength * kvType.bytesPerHead(HEAD_DIM);
    }

    private void attend() {
        for (int kvHead = 0; kvHead < KV_HEADS; kvHead++) {
            tile.setQueries(kvHead, 0, numQueries, kvLength - numQueries);
            chosen.qkScores(tile);
            chosen.softmax(tile);
            chosen.weightedValues(tile);
        }
    }
}
