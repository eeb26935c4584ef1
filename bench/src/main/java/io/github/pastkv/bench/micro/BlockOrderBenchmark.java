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
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
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
 * Cost of scattered blocks: all attention of one decode step at 16,384 tokens (30 layers, 9 query heads over 3
 * key/value heads of 64, bf16, blocks of 16, one thread), with block ids in order and shuffled.
 *
 * <p>Run: {@code mvn -Dquick -DskipTests -pl bench -am package -Dbenchmark=BlockOrderBenchmark}
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(value = 2, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@SuppressWarnings("NullAway.Init") // JMH sets the parameters, then calls setup
public class BlockOrderBenchmark {
    private static final int NUM_TOKENS = 16384;
    private static final int LAYERS = 30;
    private static final int KV_HEADS = 3;
    private static final int HEADS_PER_KV = 3;
    private static final int HEAD_DIM = 64;
    private static final int BLOCK_SIZE = 16;

    @Param({"inOrder", "shuffled"}) public String blockIds;

    private final Arena arena = Arena.ofConfined();
    private final Kernels kernels = KernelsChoice.choose("vector").kernels();
    private final ScoreForm form = ScoreForm.scaled(0.125f);
    private AttentionTile tile;
    private Blocks blocks;
    private Tensor queries;
    private Tensor out;

    private record Blocks(KvLayout layout, MemorySegment memory, List<Integer> ids) implements KvBlocks {
        @Override
        public MemorySegment segment(int logicalBlock) {
            return memory;
        }

        @Override
        public long blockByteOffset(int logicalBlock) {
            return ids.get(logicalBlock) * layout.blockBytes();
        }
    }

    /** Fills memory with small bf16 numbers. */
    @Setup
    public void setup() {
        KvLayout layout = new TiledKvLayout(new KvShape(LAYERS, KV_HEADS, HEAD_DIM), KvTypes.of(KvType.BF16),
                BLOCK_SIZE);
        List<Integer> ids = Arrays.asList(IntStream.range(0, NUM_TOKENS / BLOCK_SIZE).boxed().toArray(Integer[]::new));
        if (blockIds.equals("shuffled")) {
            Collections.shuffle(ids, new Random(3));
        }
        MemorySegment memory = arena.allocate(ids.size() * layout.blockBytes(), 64);
        Random random = new Random(4);
        for (long offset = 0; offset < memory.byteSize(); offset += 2) {
            DataType.BF16.write(memory, offset, random.nextFloat() - 0.5f);
        }
        blocks = new Blocks(layout, memory, ids);
        queries = Tensor.allocate(arena, DataType.F32, 1, KV_HEADS * HEADS_PER_KV * HEAD_DIM);
        out = Tensor.allocate(arena, DataType.F32, 1, KV_HEADS * HEADS_PER_KV * HEAD_DIM);
        tile = new AttentionTile(HEADS_PER_KV, HEAD_DIM);
    }

    @TearDown
    public void tearDown() {
        tile.close();
        arena.close();
    }

    @Benchmark
    public Tensor attentionOfADecodeStep() {
        for (int layer = 0; layer < LAYERS; layer++) {
            tile.bind(blocks, layer, form, queries, out);
            for (int kvHead = 0; kvHead < KV_HEADS; kvHead++) {
                tile.setQueries(kvHead, 0, 1, NUM_TOKENS - 1);
                kernels.qkScores(tile);
                kernels.softmax(tile);
                kernels.weightedValues(tile);
            }
        }
        return out;
    }
}
