package io.github.pastkv.testkit.kernels;

import io.github.pastkv.cache.layout.KvBlocks;
import io.github.pastkv.cache.layout.KvLayout;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.random.RandomGenerator;

/** Blocks in any order over two segments, full of NaN (all bits set) until written. */
public record ShuffledBlocks(KvLayout layout, MemorySegment even, MemorySegment odd, List<Integer> blockIds)
        implements KvBlocks {
    private static final int FORGOTTEN = -1_000_000;

    public static ShuffledBlocks allocate(Arena arena, KvLayout layout, int numTokens, RandomGenerator random) {
        int numBlocks = Math.ceilDiv(numTokens, layout.blockSize());
        List<Integer> ids = new ArrayList<>();
        for (int id = 0; id < numBlocks; id++) {
            ids.add(id);
        }
        Collections.shuffle(ids, random);
        long bytes = (numBlocks / 2 + 1) * layout.blockBytes();
        return new ShuffledBlocks(layout, arena.allocate(bytes, 64).fill((byte) -1),
                arena.allocate(bytes, 64).fill((byte) -1), ids);
    }

    /** Writes the key and the value of one layer and head at a position, {@code [2, headDim]}; the others stay NaN. */
    public void write(int layer, int kvHead, int position, Tensor keyAndValue) {
        int block = position / layout.blockSize();
        int slot = position % layout.blockSize();
        layout.writeKey(segment(block), blockByteOffset(block), layer, kvHead, slot, keyAndValue.segment(),
                keyAndValue.byteOffset(0, 0));
        layout.writeValue(segment(block), blockByteOffset(block), layer, kvHead, slot, keyAndValue.segment(),
                keyAndValue.byteOffset(1, 0));
    }

    /** From now on blocks that no query from {@code firstQuery} on sees cannot be read. */
    void forget(KvWindow window, int firstQuery) {
        int numSinkBlocks = Math.ceilDiv(window.numSinks(), layout.blockSize());
        for (int block = numSinkBlocks; block < window.firstVisible(firstQuery) / layout.blockSize(); block++) {
            blockIds.set(block, FORGOTTEN);
        }
    }

    @Override
    public MemorySegment segment(int logicalBlock) {
        return blockIds.get(logicalBlock) % 2 == 0 ? even : odd;
    }

    @Override
    public long blockByteOffset(int logicalBlock) {
        return blockIds.get(logicalBlock) / 2 * layout.blockBytes();
    }
}
