package io.github.pastkv.cache.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNoException;

import io.github.pastkv.tensor.DataType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BlockPoolTest {
    private static final long BLOCK_BYTES = 1000;
    /** Blocks of one segment: the power of two below 256 KiB / 1000. */
    private static final int SEGMENT_BLOCKS = 256;

    private final BlockPool pool = new BlockPool(BLOCK_BYTES, 7 * BLOCK_BYTES + 999);

    @AfterEach
    void checkIntegrity() {
        pool.checkIntegrity();
        pool.close();
    }

    private static int[] allocate(BlockPool pool, int count) {
        int[] blockIds = new int[count];
        assertThat(pool.tryAllocate(count, blockIds, 0)).isInstanceOf(Allocation.Granted.class);
        return blockIds;
    }

    @Test
    void new_reservesNothing() {
        assertThat(pool.poolBytes()).isZero();
        assertThat(pool.numHeld()).isZero();
        assertThat(pool.numFree()).isEqualTo(7);
        assertThat(pool.blockBytes()).isEqualTo(BLOCK_BYTES);
        assertThat(pool.limitBytes()).isEqualTo(7 * BLOCK_BYTES + 999);
    }

    @Test
    void new_withALimitBelowABlock_isRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> new BlockPool(1000, 999))
                .withMessage("limitBytes: 999, must hold at least one block of 1000 bytes");
        assertThatIllegalArgumentException().isThrownBy(() -> new BlockPool(0, 999));
    }

    @Test
    void tryAllocate_upToTheLimit_staysWithinItsBytes() {
        int[] blockIds = allocate(pool, 7);
        assertThat(blockIds).doesNotHaveDuplicates();
        assertThat(pool.numFree()).isZero();
        assertThat(pool.poolBytes()).isEqualTo(7 * BLOCK_BYTES);
    }

    @Test
    void tryAllocate_beyondTheLimit_takesNothing() {
        allocate(pool, 5);
        int[] blockIds = {-7, -7, -7};
        assertThat(pool.tryAllocate(3, blockIds, 0))
                .isEqualTo(new Allocation.Exhausted(3, 2, 0, 7 * BLOCK_BYTES + 999));
        assertThat(blockIds).containsOnly(-7);
        assertThat(pool.numHeld()).isEqualTo(5);
        assertThat(pool.tryAllocate(2, blockIds, 1)).isInstanceOf(Allocation.Granted.class);
        assertThat(blockIds[0]).isEqualTo(-7);
        assertThat(pool.tryAllocate(0, blockIds, 0)).isInstanceOf(Allocation.Granted.class);
    }

    @Test
    void tryAllocate_whenTheSystemHasNoMemory_changesNothing() {
        try (BlockPool immense = new BlockPool(1L << 45, 1L << 50)) {
            assertThatExceptionOfType(OutOfMemoryError.class).isThrownBy(() -> immense.tryAllocate(2, new int[2], 0));
            assertThat(immense.numHeld()).isZero();
            immense.checkIntegrity();
        }
    }

    @Test
    void tryAllocate_overSeveralSegments_givesEachBlockItsOwnBytes() {
        try (BlockPool large = new BlockPool(BLOCK_BYTES, 1_000_000)) {
            int[] blockIds = allocate(large, 2 * SEGMENT_BLOCKS + 3);
            assertThat(large.poolBytes()).isEqualTo(3 * SEGMENT_BLOCKS * BLOCK_BYTES);
            for (int blockId : blockIds) {
                bytes(large, blockId).fill((byte) blockId);
            }
            for (int blockId : blockIds) {
                assertThat(bytes(large, blockId).get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) blockId);
                assertThat(bytes(large, blockId).get(ValueLayout.JAVA_BYTE, BLOCK_BYTES - 1)).isEqualTo((byte) blockId);
            }
            large.checkIntegrity();
            for (int blockId : blockIds) {
                large.release(blockId);
            }
            large.checkIntegrity();
            assertThat(large.poolBytes()).isEqualTo(3 * SEGMENT_BLOCKS * BLOCK_BYTES);
        }
    }

    private static MemorySegment bytes(BlockPool pool, int blockId) {
        return pool.segment(blockId).asSlice(pool.byteOffset(blockId), pool.blockBytes());
    }

    @Test
    void tryAllocate_growth_movesNothing() {
        try (BlockPool large = new BlockPool(BLOCK_BYTES, 1_000_000)) {
            MemorySegment before = bytes(large, allocate(large, 1)[0]);
            before.fill((byte) 3);
            allocate(large, 3 * SEGMENT_BLOCKS);
            before.set(ValueLayout.JAVA_BYTE, 5, (byte) 4);
            assertThat(bytes(large, 0).get(ValueLayout.JAVA_BYTE, 5)).isEqualTo((byte) 4);
        }
    }

    @Test
    void tryAllocate_takesTheLongestFreeBlockFirst() {
        int[] blockIds = allocate(pool, 7);
        pool.release(blockIds[4]);
        pool.release(blockIds[1]);
        pool.release(blockIds[6]);
        assertThat(allocate(pool, 2)).containsExactly(blockIds[4], blockIds[1]);
        pool.release(blockIds[4]);
        assertThat(allocate(pool, 2)).containsExactly(blockIds[6], blockIds[4]);
    }

    @Test
    void release_ofTheLastHolder_freesTheBlock() {
        int blockId = allocate(pool, 1)[0];
        pool.retain(blockId);
        pool.release(blockId);
        assertThat(pool.refCount(blockId)).isEqualTo(1);
        assertThat(pool.numHeld()).isEqualTo(1);
        pool.release(blockId);
        assertThat(pool.refCount(blockId)).isZero();
        assertThat(pool.numHeld()).isZero();
        assertThat(pool.numFree()).isEqualTo(7);
    }

    @Test
    void release_ofAFreeBlock_isRefused() {
        int blockId = allocate(pool, 2)[1];
        pool.release(blockId);
        assertThatIllegalStateException().isThrownBy(() -> pool.release(blockId))
                .withMessage("block " + blockId + " is not held");
        assertThatIllegalStateException().isThrownBy(() -> pool.retain(blockId));
    }

    @Test
    void copy_takesTheWholeBlock() {
        int[] blockIds = allocate(pool, 3);
        bytes(pool, blockIds[0]).fill((byte) 1);
        bytes(pool, blockIds[1]).fill((byte) 2);
        bytes(pool, blockIds[2]).fill((byte) 3);
        pool.copy(blockIds[0], blockIds[1]);
        assertThat(bytes(pool, blockIds[1]).mismatch(bytes(pool, blockIds[0]))).isEqualTo(-1);
        assertThat(bytes(pool, blockIds[2]).get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 3);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void freedBlock_isFilledWithNaN_whereThatIsSwitchedOn(boolean poisons) {
        try (BlockPool poisoning = new BlockPool(24, 72)) {
            poisoning.setPoisonsFreed(poisons);
            int[] blockIds = new int[2];
            poisoning.tryAllocate(2, blockIds, 0);
            for (int blockId : blockIds) {
                poisoning.segment(blockId).asSlice(poisoning.byteOffset(blockId), 24).fill((byte) 1);
            }
            poisoning.retain(blockIds[0]);
            poisoning.release(blockIds[0]);
            poisoning.release(blockIds[1]);
            MemorySegment held = poisoning.segment(blockIds[0]).asSlice(poisoning.byteOffset(blockIds[0]), 24);
            MemorySegment freed = poisoning.segment(blockIds[1]).asSlice(poisoning.byteOffset(blockIds[1]), 24);
            for (long offset = 0; offset < 24; offset += Float.BYTES) {
                assertThat(DataType.F32.read(held, offset)).isNotNaN();
                assertThat(Float.isNaN(DataType.F32.read(freed, offset))).isEqualTo(poisons);
                assertThat(Float.isNaN(DataType.F16.read(freed, offset))).isEqualTo(poisons);
                assertThat(Float.isNaN(DataType.BF16.read(freed, offset))).isEqualTo(poisons);
            }
        }
    }

    @Test
    void close_withBlocksHeld_keepsTheirMemoryUntilTheLastIsReleased() {
        int[] blockIds = allocate(pool, 2);
        MemorySegment memory = bytes(pool, blockIds[1]);
        pool.close();
        pool.release(blockIds[0]);
        assertThatNoException().isThrownBy(() -> memory.get(ValueLayout.JAVA_BYTE, 0));
        pool.checkIntegrity();
        pool.release(blockIds[1]);
        assertThatIllegalStateException().isThrownBy(() -> memory.get(ValueLayout.JAVA_BYTE, 0));
    }

    @Test
    void close_twice_doesNothing() {
        pool.close();
        assertThatNoException().isThrownBy(pool::close);
    }

    @Test
    void tryAllocate_afterClose_isRefused() {
        int blockId = allocate(pool, 1)[0];
        pool.close();
        assertThatIllegalStateException().isThrownBy(() -> pool.tryAllocate(1, new int[1], 0))
                .withMessage("the pool is closed");
        pool.release(blockId);
    }

    @Test
    void checkIntegrity_afterClose_findsNothingWrong() {
        allocate(pool, 1);
        pool.release(0);
        pool.close();
        assertThatNoException().isThrownBy(pool::checkIntegrity);
    }

    @Test
    void sharedBlocks_areThoseWithSeveralHolders() {
        try (BlockPool shared = new BlockPool(16, 16 * 4)) {
            int[] blockIds = new int[2];
            assertThat(shared.tryAllocate(2, blockIds, 0)).isInstanceOf(Allocation.Granted.class);
            assertThat(shared.numShared()).isZero();
            shared.retain(blockIds[0]);
            shared.retain(blockIds[0]);
            shared.retainCached(blockIds[1]);
            assertThat(shared.numShared()).isEqualTo(2);
            shared.checkIntegrity();
            shared.release(blockIds[0]);
            assertThat(shared.numShared()).isEqualTo(2);
            shared.release(blockIds[0]);
            shared.release(blockIds[1]);
            assertThat(shared.numShared()).isZero();
            shared.checkIntegrity();
            shared.release(blockIds[0]);
            shared.release(blockIds[1]);
        }
    }

    @Test
    void allocateAndRelease_onFourThreads_loseNoBlock() throws Exception {
        try (BlockPool shared = new BlockPool(16, 16 * 64); ExecutorService threads = Executors.newFixedThreadPool(4)) {
            List<Future<Integer>> results = new ArrayList<>();
            for (int thread = 0; thread < 4; thread++) {
                results.add(threads.submit(() -> allocateAndRelease(shared)));
            }
            for (Future<Integer> result : results) {
                assertThat(result.get()).isPositive();
            }
            shared.checkIntegrity();
            assertThat(shared.numHeld()).isZero();
            assertThat(shared.numFree()).isEqualTo(64);
        }
    }

    private static int allocateAndRelease(BlockPool pool) {
        int numAllocated = 0;
        int[] blockIds = new int[20];
        for (int i = 0; i < 2_000; i++) {
            int count = 1 + i % 20;
            if (pool.tryAllocate(count, blockIds, 0) instanceof Allocation.Granted) {
                for (int j = 0; j < count; j++) {
                    pool.retain(blockIds[j]);
                    pool.release(blockIds[j]);
                    pool.release(blockIds[j]);
                }
                numAllocated += count;
            }
        }
        return numAllocated;
    }
}
