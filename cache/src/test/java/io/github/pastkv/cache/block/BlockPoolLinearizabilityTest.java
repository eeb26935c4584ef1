package io.github.pastkv.cache.block;

import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Reference counts and the free list of a pool: whatever threads do at once, each result is that of some order of their
 * calls one after the other (Herlihy and Wing 1990), looked for by Lincheck (Koval et al. 2023).
 */
@Param(name = "blockId", gen = IntGen.class, conf = "0:2")
@Param(name = "count", gen = IntGen.class, conf = "1:2")
@Tag("stress")
public class BlockPoolLinearizabilityTest {
    private static final int SCALE = Integer.getInteger("pastkv.test.scale", 1);
    private static final int BLOCK_BYTES = 8;
    private static final int NUM_BLOCKS = 3;

    private final BlockPool pool = new BlockPool(BLOCK_BYTES, NUM_BLOCKS * BLOCK_BYTES);

    /** Begins with block 0 held. */
    public BlockPoolLinearizabilityTest() {
        allocate(1);
    }

    /** The ids, or what the pool said instead. */
    @Operation
    public final String allocate(@Param(name = "count") int count) {
        int[] blockIds = new int[count];
        Allocation result = pool.tryAllocate(count, blockIds, 0);
        StringBuilder text = new StringBuilder(result.getClass().getSimpleName());
        if (result instanceof Allocation.Exhausted exhausted) {
            return text.append(exhausted.numBlocksFree()).toString();
        }
        for (int blockId : blockIds) {
            text.append(' ').append(blockId);
        }
        return text.toString();
    }

    /** One more holder, or an exception where the block is free. */
    @Operation
    public void retain(@Param(name = "blockId") int blockId) {
        requirePresent(blockId);
        pool.retain(blockId);
    }

    /** One holder less, or an exception where the block is free. */
    @Operation
    public void release(@Param(name = "blockId") int blockId) {
        requirePresent(blockId);
        pool.release(blockId);
    }

    /** Holders. */
    @Operation
    public int refCount(@Param(name = "blockId") int blockId) {
        requirePresent(blockId);
        return pool.refCount(blockId);
    }

    /** Free blocks. */
    @Operation
    public int numFree() {
        return pool.numFree();
    }

    /** All three blocks are of the pool's first and only segment, which the constructor made it take. */
    private static void requirePresent(int blockId) {
        if (blockId >= NUM_BLOCKS) {
            throw new IllegalArgumentException("blockId: " + blockId);
        }
    }

    /** After each run. */
    @Validate
    public void checkIntegrity() {
        pool.checkIntegrity();
    }

    @Test
    void underStress_isLinearizable() {
        new StressOptions().iterations(4 * SCALE).invocationsPerIteration(SCALE > 1 ? 1_000 : 300).threads(3)
                .actorsPerThread(3)
                .check(BlockPoolLinearizabilityTest.class);
    }

    @Test
    void overInterleavings_isLinearizable() {
        new ModelCheckingOptions().iterations(2 * SCALE).invocationsPerIteration(SCALE > 1 ? 60 : 20)
                .threads(2).actorsPerThread(3)
                .check(BlockPoolLinearizabilityTest.class);
    }
}
