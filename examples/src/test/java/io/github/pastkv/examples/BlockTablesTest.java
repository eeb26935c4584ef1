package io.github.pastkv.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.KvStep;
import io.github.pastkv.cache.layout.KvLayout;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class BlockTablesTest {
    private static final int NUM_LAYERS = 4;
    private static final int NUM_KV_HEADS = 2;
    private static final int HEAD_DIM = 7;

    /** Every key of every layer and row, also those of shared blocks, read through the addresses alone. */
    @Test
    void keysAreWhereTheTablesSay() {
        KvCacheConfig config = KvCacheConfig.of(new KvShape(NUM_LAYERS, NUM_KV_HEADS, HEAD_DIM), 1).withBlockSize(5)
                .withWindows(layer -> layer % 2 == 1 ? KvWindow.of(6) : KvWindow.NONE).withMaxRewindTokens(2);
        try (Arena arena = Arena.ofConfined(); KvCache cache = new KvCache(config)) {
            append(cache, arena, 23);
            cache.repeatRows(3);
            append(cache, arena, 1, 14, 6);
        }
    }

    private static void append(KvCache cache, Arena arena, int... lengths) {
        try (KvStep step = cache.beginStep(AttentionMask.ofLengths(lengths))) {
            for (int layer = 0; layer < NUM_LAYERS; layer++) {
                Tensor numbers = numbers(step, layer);
                step.write(layer, numbers, numbers, 0, 0, step.numTokens());
                BlockTables tables = BlockTables.of(step, layer, arena);
                assertThat(tables.batchSize()).isEqualTo(lengths.length);
                for (int row = 0; row < lengths.length; row++) {
                    requireRow(step, layer, row, tables);
                }
            }
            step.commit();
        }
    }

    private static Tensor numbers(KvStep step, int layer) {
        float[] numbers = new float[step.numTokens() * NUM_KV_HEADS * HEAD_DIM];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = 1000 * layer + i + 0.25f * step.pastLength(0);
        }
        return Tensor.of(numbers, step.numTokens(), NUM_KV_HEADS * HEAD_DIM);
    }

    private static void requireRow(KvStep step, int layer, int row, BlockTables tables) {
        KvLayout layout = step.blocks(layer, row).layout();
        int length = tables.kvLengths().getAtIndex(ValueLayout.JAVA_INT, row);
        assertThat(length).isEqualTo(step.kvLength(row));
        for (int position = 0; position < length; position++) {
            if (!step.holds(layer, row, position)) {
                assertThat(layer % 2).as("a layer with a window").isEqualTo(1);
                continue;
            }
            for (int kvHead = 0; kvHead < NUM_KV_HEADS; kvHead++) {
                for (int dim = 0; dim < HEAD_DIM; dim++) {
                    assertThat(tables.readKey(layout, step.layerInGroup(layer), row, position, kvHead, dim))
                            .isEqualTo(step.readKey(layer, row, position, kvHead, dim));
                }
            }
        }
        for (int block = layout.numBlocks(length); block < tables.maxBlocks(); block++) {
            assertThat(tables.addresses().getAtIndex(ValueLayout.JAVA_LONG, (long) row * tables.maxBlocks() + block))
                    .as("padding").isZero();
        }
    }

    @Test
    void main_runs() {
        BlockTables.main(new String[0]);
    }
}
