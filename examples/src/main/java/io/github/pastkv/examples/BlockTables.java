package io.github.pastkv.examples;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.KvStep;
import io.github.pastkv.cache.layout.KvBlocks;
import io.github.pastkv.cache.layout.KvLayout;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The block tables of a step as plain arrays in native memory, as a paged attention kernel written in C takes them
 * (vLLM's {@code block_tables} and {@code seq_lens}, with addresses in place of block numbers, as the blocks of a pool
 * lie in several segments). A kernel needs nothing else but the offsets of {@link KvLayout}, which are the same in all
 * blocks.
 *
 * <p>Valid until the step ends. The blocks are read-only but for those of the step's own tokens.
 *
 * @param addresses {@code long [B, M]}: where each block of a row begins, 0 behind a row's last block and where a
 *        windowed layer has evicted one
 * @param kvLengths {@code int [B]}: tokens of each row, those of the step included
 * @param batchSize B
 * @param maxBlocks M, the blocks of the longest row
 */
public record BlockTables(MemorySegment addresses, MemorySegment kvLengths, int batchSize, int maxBlocks) {
    /** The tables of one layer in memory of {@code arena}. All layers of a layer group have the same. */
    public static BlockTables of(KvStep step, int layer, Arena arena) {
        int batchSize = step.numRows();
        int maxBlocks = 0;
        for (int row = 0; row < batchSize; row++) {
            maxBlocks = Math.max(maxBlocks, step.blocks(layer, row).layout().numBlocks(step.kvLength(row)));
        }
        MemorySegment addresses = arena.allocate(ValueLayout.JAVA_LONG, (long) batchSize * maxBlocks);
        MemorySegment kvLengths = arena.allocate(ValueLayout.JAVA_INT, batchSize);
        for (int row = 0; row < batchSize; row++) {
            KvBlocks blocks = step.blocks(layer, row);
            kvLengths.setAtIndex(ValueLayout.JAVA_INT, row, step.kvLength(row));
            for (int block = 0; block < blocks.layout().numBlocks(step.kvLength(row)); block++) {
                int lastPosition = Math.min((block + 1) * blocks.layout().blockSize(), step.kvLength(row)) - 1;
                if (step.holds(layer, row, lastPosition)) {
                    addresses.setAtIndex(ValueLayout.JAVA_LONG, (long) row * maxBlocks + block,
                            blocks.segment(block).address() + blocks.blockByteOffset(block));
                }
            }
        }
        return new BlockTables(addresses, kvLengths, batchSize, maxBlocks);
    }

    /** Tables of two rows of different length. */
    public static void main(String[] args) {
        KvCacheConfig config = KvCacheConfig.of(new KvShape(1, 2, 8), 2); // L, K, D; batch
        try (Arena arena = Arena.ofConfined();
                KvCache cache = new KvCache(config);
                KvStep step = cache.beginStep(AttentionMask.ofLengths(35, 7))) {
            Tensor numbers = Tensor.full(0.5f, step.numTokens(), 16); // [T, K * D]
            step.write(0, numbers, numbers, 0, 0, step.numTokens());
            BlockTables tables = BlockTables.of(step, 0, arena); // of layer 0
            KvLayout layout = step.blocks(0, 0).layout();
            System.out.println(tables.batchSize() + " rows of at most " + tables.maxBlocks() + " blocks of "
                    + layout.blockBytes() + " bytes");
            System.out.println(tables.readKey(layout, 0, 1, 6, 1, 7));
            step.commit();
        }
    }

    /**
     * One number of a key of F32, found by address alone: what a kernel in C does in its inner loop.
     *
     * @param layout the layout of the blocks, of which C needs the offsets
     */
    @SuppressWarnings("restricted") // an address is all that a native kernel gets; needs --enable-native-access
    public float readKey(KvLayout layout, int layerInGroup, int row, int position, int kvHead, int dim) {
        int block = position / layout.blockSize();
        long address = addresses.getAtIndex(ValueLayout.JAVA_LONG, (long) row * maxBlocks + block);
        long offset = layout.keyByteOffset(layerInGroup, kvHead, position % layout.blockSize(), dim);
        return MemorySegment.ofAddress(address).reinterpret(layout.blockBytes())
                .get(ValueLayout.JAVA_FLOAT_UNALIGNED, offset);
    }
}
