package io.github.pastkv.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.github.pastkv.cache.block.LayerGroupTables;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvTypes;
import io.github.pastkv.cache.layout.TiledKvLayout;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.cache.prefix.PrefixNamespace;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KvStepTest extends CacheTest {
    private static final int WIDTH = KV_HEADS * HEAD_DIM;
    private static final AttentionMask HOLED =
            AttentionMask.of(new int[][] {{0, 1, 1}, {1, 1, 1}, {1, 0, 1}, {0, 0, 0}});

    @Test
    void beginStep_numbersTheRealTokensThrough() {
        KvCache cache = open();
        append(cache, HOLED, 0);
        try (KvStep step = cache.beginStep(AttentionMask.of(new int[][] {{1, 1}, {0, 1}, {0, 0}, {1, 1}}))) {
            assertThat(step.batchSize()).isEqualTo(BATCH);
            assertThat(step.numTokens()).isEqualTo(5);
            assertThat(perRow(step::rowStart)).containsExactly(0, 2, 3, 3);
            assertThat(perRow(step::numNewTokens)).containsExactly(2, 1, 0, 2);
            assertThat(perRow(step::pastLength)).containsExactly(2, 3, 2, 0);
            assertThat(perRow(step::kvLength)).containsExactly(4, 4, 2, 2);
            assertThat(new int[] {step.rowOf(0), step.rowOf(1), step.rowOf(2), step.rowOf(3), step.rowOf(4)})
                    .containsExactly(0, 0, 1, 3, 3);
            assertThat(step.position(1, 2)).isEqualTo(3);
            assertThat(step.position(3, 4)).isEqualTo(1);
            assertThat(step.newMask()).hasToString("[4, 2] 11 01 00 11");
        }
    }

    @Test
    void indexBeyondTheStep_isRefusedByName() {
        KvCache cache = open();
        append(cache, AttentionMask.ones(BATCH, 9), 0); // numbers of this longer step stay in the arrays
        try (KvStep step = cache.beginStep(AttentionMask.of(new int[][] {{1, 1}, {0, 1}, {0, 0}, {1, 1}}))) {
            assertIndexMessage(() -> step.rowOf(5), "token: 5, must be in [0, 5)");
            assertIndexMessage(() -> step.position(5), "token: 5, must be in [0, 5)");
            assertIndexMessage(() -> step.position(-1), "token: -1, must be in [0, 5)");
            assertIndexMessage(() -> step.position(1, 0), "token: 0, row 1 of the step has tokens [2, 3)");
            assertIndexMessage(() -> step.position(4, 0), "row: 4, must be in [0, 4)");
            assertIndexMessage(() -> step.rowStart(5), "row: 5, must be in [0, 5)");
            assertIndexMessage(() -> step.pastLength(4), "row: 4, must be in [0, 4)");
            assertIndexMessage(() -> step.kvLength(-1), "row: -1, must be in [0, 4)");
            assertIndexMessage(() -> step.numNewTokens(4), "row: 4, must be in [0, 4)");
            assertIndexMessage(() -> step.numReusedTokens(4), "row: 4, must be in [0, 4)");
            assertIndexMessage(() -> step.window(99, 0), "layer: 99, must be in [0, " + LAYERS + ")");
            assertIndexMessage(() -> step.holds(0, 4, 0), "row: 4, must be in [0, 4)");
            assertIndexMessage(() -> step.readKey(0, 0, 11, 0, 0), "position: 11, must be in [0, 11)");
            assertIndexMessage(() -> step.readValue(0, 0, 0, KV_HEADS, 0), "kvHead: " + KV_HEADS + ", must be in [0, "
                    + KV_HEADS + ")");
            assertIndexMessage(() -> step.readKey(0, 0, 0, 0, -1), "dim: -1, must be in [0, " + HEAD_DIM + ")");
        }
    }

    private static void assertIndexMessage(ThrowingCallable call, String message) {
        assertThatThrownBy(call).isInstanceOf(IndexOutOfBoundsException.class).hasMessage(message);
    }

    private static int[] perRow(IntUnaryOperator of) {
        return IntStream.range(0, BATCH).map(of).toArray();
    }

    @Test
    void commit_takesOverAllLayersMaskAndLengths() {
        KvCache cache = open();
        append(cache, HOLED, 0);
        assertThat(cache.numSlots()).isEqualTo(3);
        assertThat(perRow(cache::numTokens)).containsExactly(2, 3, 2, 0);
        assertThat(cache.previousAttentionMask()).isEqualTo(HOLED);
        assertHolds(cache, HOLED, 0);
    }

    @ParameterizedTest
    @CsvSource({"1,1", "4,1", "5,1", "6,1", "4,2", "5,6", "1,15", "15,16", "16,1"})
    void commit_atBlockEdges_holdsBothSteps(int first, int second) {
        for (int blockSize : new int[] {1, BLOCK_SIZE, 16, 64}) {
            KvCache cache = open(config().withBlockSize(blockSize));
            append(cache, first);
            append(cache, second);
            assertHolds(cache, AttentionMask.ones(BATCH, first + second), 0);
        }
    }

    @Test
    void blocks_beforeCommit_showTheNewTokensToTheStepOnly() {
        KvCache cache = open();
        append(cache, 4);
        try (KvStep step = cache.beginStep(AttentionMask.ones(BATCH, 3))) {
            write(step, SHAPE, 0);
            for (int row = 0; row < BATCH; row++) {
                for (int position = 0; position < 7; position++) {
                    assertThat(step.blocks(1, row).read(step.layerInGroup(1), true, position, 2, 6))
                            .isEqualTo(Numbers.at(0, true, 1, row, position, 2, 6));
                }
            }
            assertThat(cache.numSlots()).isEqualTo(4);
            assertThat(cache.previousAttentionMask().numSlots()).isEqualTo(4);
            assertHolds(cache, AttentionMask.ones(BATCH, 4), 0);
        }
    }

    @Test
    void close_withoutCommit_leavesTheCacheAsItWas() {
        KvCache cache = open();
        append(cache, HOLED, 0);
        long bytes = cache.cacheBytes();
        int numHeld = cache.group(0).pool().numHeld();
        try (KvStep step = cache.beginStep(AttentionMask.ones(BATCH, 9))) {
            write(step, SHAPE, 1);
        }
        assertThat(cache.cacheBytes()).isEqualTo(bytes);
        assertThat(cache.group(0).pool().numHeld()).isEqualTo(numHeld);
        assertHolds(cache, HOLED, 0);
        append(cache, AttentionMask.ones(BATCH, 2), 0);
        assertThat(cache.numSlots()).isEqualTo(5);
    }

    @Test
    void exceptionBeforeCommit_leavesTheCacheAsItWas() {
        KvCache cache = open();
        append(cache, 6);
        assertThatThrownBy(() -> {
            try (KvStep step = cache.beginStep(AttentionMask.ones(BATCH, 7))) {
                write(step, SHAPE, 1);
                throw new UnsupportedOperationException("a hook failed");
            }
        }).isInstanceOf(UnsupportedOperationException.class);
        assertHolds(cache, AttentionMask.ones(BATCH, 6), 0);
        append(cache, 1);
    }

    @Test
    void beginStep_whenPoolIsFull_changesNothing() {
        long blockBytes = new TiledKvLayout(SHAPE, KvTypes.of(KvType.F32), BLOCK_SIZE).blockBytes();
        KvCache cache = open(config().withMaxPoolBytes(6 * blockBytes));
        append(cache, 4);
        assertThatExceptionOfType(PoolExhaustedException.class)
                .isThrownBy(() -> cache.beginStep(AttentionMask.ones(BATCH, 2)))
                .withMessage(
                        "cache pool is full: 4 blocks requested, 2 free, 0 evictable, limit " + 6 * blockBytes
                                + " bytes")
                .satisfies(e -> {
                    assertThat(e.numBlocksAsked()).isEqualTo(4);
                    assertThat(e.numBlocksFree()).isEqualTo(2);
                    assertThat(e.limitBytes()).isEqualTo(6 * blockBytes);
                });
        assertThat(cache.numSlots()).isEqualTo(4);
        assertHolds(cache, AttentionMask.ones(BATCH, 4), 0);
        append(cache, 1);
        append(cache, AttentionMask.of(new int[][] {{1}, {1}, {0}, {0}}), 0);
        assertThat(cache.group(0).pool().numFree()).isZero();
    }

    @Test
    void beginStep_ofARowBeyondMaxTokens_changesNothing() {
        KvCache cache = open(config().withMaxTokens(6));
        append(cache, 4);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> cache
                        .beginStep(AttentionMask.of(new int[][] {{1, 0, 0}, {1, 1, 0}, {1, 1, 1}, {0, 0, 0}})))
                .withMessage("tokens: row 2 would reach 7 tokens, the cache is configured for at most 6");
        append(cache, AttentionMask.of(new int[][] {{1, 0, 0}, {1, 1, 0}, {0, 1, 1}, {0, 0, 0}}), 0);
        assertThat(cache.numTokens(2)).isEqualTo(6);
    }

    @Test
    void beginStep_ofAnotherBatch_isRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> open().beginStep(AttentionMask.ones(3, 2)))
                .withMessage("newMask: 3 rows, the cache is configured for a batch of 4");
    }

    @Test
    void beginStep_whileOneIsOpen_isRefused() {
        KvCache cache = open();
        try (KvStep step = cache.beginStep(AttentionMask.ones(BATCH, 2))) {
            assertThatIllegalStateException().isThrownBy(() -> cache.beginStep(AttentionMask.ones(BATCH, 3)))
                    .withMessageContaining("a step of this cache is open");
            assertThat(step.numTokens()).isEqualTo(2 * BATCH);
            write(step, SHAPE, 0);
            step.commit();
        }
        assertHolds(cache, AttentionMask.ones(BATCH, 2), 0);
    }

    @Test
    void beginStep_ofNoSlotsOrPadsOnly_takesNoStorage() {
        KvCache cache = open();
        append(cache, 0);
        append(cache, AttentionMask.ofLengths(0, 0, 0, 0), 0);
        assertThat(cache.numSlots()).isZero();
        append(cache, AttentionMask.of(new int[][] {{0, 0}, {0, 0}, {0, 0}, {0, 0}}), 0);
        assertThat(cache.numSlots()).isEqualTo(2);
        assertThat(cache.cacheBytes()).isZero();
        assertHolds(cache, cache.previousAttentionMask(), 0);
    }

    @Test
    void commit_onAFrozenCache_storesNothing() {
        KvCache cache = open();
        append(cache, 7);
        cache.freeze();
        int numHeld = cache.group(0).pool().numHeld();
        try (KvStep step = cache.beginStep(AttentionMask.ones(BATCH, 9))) {
            write(step, SHAPE, 0);
            assertThat(step.blocks(0, 3).read(0, false, 6, 1, 1))
                    .isEqualTo(Numbers.at(0, false, 0, 3, 6, 1, 1));
            assertThat(step.blocks(0, 3).read(0, false, 15, 1, 1))
                    .isEqualTo(Numbers.at(0, false, 0, 3, 15, 1, 1));
            step.commit();
        }
        assertThat(cache.numSlots()).isEqualTo(7);
        assertThat(cache.previousAttentionMask().numSlots()).isEqualTo(7);
        assertThat(cache.group(0).pool().numHeld()).isEqualTo(numHeld);
        assertHolds(cache, AttentionMask.ones(BATCH, 7), 0);
    }

    @Test
    void write_onAFrozenCache_leavesTheStoredBytesAlone() {
        KvCache cache = open();
        append(cache, 7);
        byte[] before = blockBytes(cache);
        cache.freeze();
        try (KvStep step = cache.beginStep(AttentionMask.ones(BATCH, 2))) {
            write(step, SHAPE, 1);
            step.commit();
        }
        assertThat(blockBytes(cache)).isEqualTo(before);
    }

    /** All bytes of row 0's last block, the slots beyond its tokens included. */
    private static byte[] blockBytes(KvCache cache) {
        LayerGroupTables group = cache.group(0);
        int blockId = group.table(0).blockId(group.table(0).numBlocks() - 1);
        return group.pool().segment(blockId).asSlice(group.pool().byteOffset(blockId), group.pool().blockBytes())
                .toArray(ValueLayout.JAVA_BYTE);
    }

    @Test
    void endedStep_refusesCommitWriteAndBlocks() {
        KvCache cache = open();
        KvStep step = cache.beginStep(AttentionMask.ones(BATCH, 2));
        write(step, SHAPE, 0);
        step.commit();
        Tensor keys = Numbers.random(1, 2 * BATCH, WIDTH);
        assertThatIllegalStateException().isThrownBy(step::commit).withMessage("the step has ended");
        assertThatIllegalStateException().isThrownBy(() -> step.write(0, keys, keys, 0, 0, 1))
                .withMessage("the step has ended");
        assertThatIllegalStateException().isThrownBy(() -> step.blocks(0, 0)).withMessage("the step has ended");
        assertHolds(cache, AttentionMask.ones(BATCH, 2), 0);
        step.close();
    }

    @Test
    void close_ofTheCache_endsTheStep() {
        KvCache cache = open();
        KvStep step = cache.beginStep(AttentionMask.ones(BATCH, 2));
        cache.close();
        assertThatIllegalStateException().isThrownBy(step::commit);
        cache.checkIntegrity();
    }

    @Test
    void write_ofPartsWithStridesAndInAnyOrder_goesToTheRightTokens() {
        KvCache cache = open();
        append(cache, HOLED, 0);
        AttentionMask mask = AttentionMask.of(new int[][] {{1, 1}, {0, 1}, {0, 0}, {1, 1}});
        try (KvStep step = cache.beginStep(mask); Arena arena = Arena.ofConfined()) {
            Tensor wide = Tensor.allocate(arena, DataType.F32, 3, 2 * WIDTH + 5);
            for (int layer = 0; layer < LAYERS; layer++) {
                writePart(step, wide, layer, 3, 2);
                writePart(step, wide, layer, 0, 3);
            }
            step.commit();
        }
        assertHolds(cache,
                AttentionMask.of(new int[][] {{0, 1, 1, 1, 1}, {1, 1, 1, 0, 1}, {1, 0, 1, 0, 0}, {0, 0, 0, 1, 1}}), 0);
    }

    /** Tokens {@code [firstToken, firstToken + count)} from rows of a wider buffer, the first of them apart. */
    private static void writePart(KvStep step, Tensor wide, int layer, int firstToken, int count) {
        Tensor keys = wide.narrow(1, 2, 2 + WIDTH);
        Tensor values = wide.narrow(1, 3 + WIDTH, 3 + 2 * WIDTH);
        for (int i = 0; i < count; i++) {
            int row = step.rowOf(firstToken + i);
            int position = step.position(row, firstToken + i);
            for (int j = 0; j < WIDTH; j++) {
                keys.set(Numbers.at(0, true, layer, row, position, j / HEAD_DIM, j % HEAD_DIM), i, j);
                values.set(Numbers.at(0, false, layer, row, position, j / HEAD_DIM, j % HEAD_DIM), i, j);
            }
        }
        step.write(layer, keys, values, firstToken, 1, count);
        step.write(layer, keys, values, firstToken, 0, 1);
    }

    @Test
    void write_ofTheWrongShapeTypeOrTokens_isRefused() {
        KvCache cache = open();
        try (KvStep step = cache.beginStep(AttentionMask.ones(BATCH, 2))) {
            Tensor good = Numbers.random(1, 8, WIDTH);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> step.write(0, Numbers.random(1, 8, WIDTH - 1), good, 0, 0, 8))
                    .withMessage("keys: F32[8, 20], must be F32 [n, 21]");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> step.write(0, good, Numbers.random(1, 8, KV_HEADS, HEAD_DIM), 0, 0, 8))
                    .withMessage("values: F32[8, 3, 7], must be F32 [n, 21]");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> step.write(0, good, Numbers.as(DataType.BF16, good), 0, 0, 8))
                    .withMessage("values: BF16[8, 21], must be F32 [n, 21]");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> step.write(0, Numbers.random(1, WIDTH, 8).transpose(0, 1), good, 0, 0, 8))
                    .withMessageStartingWith("keys:");
            assertThatThrownBy(() -> step.write(0, Numbers.random(1, 7, WIDTH), good, 0, 0, 8))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> step.write(0, good, good, 1, 0, 8)).isInstanceOf(IndexOutOfBoundsException.class)
                    .hasMessageContaining("[1, 9)"); // known before the first token is written
            assertThatThrownBy(() -> step.write(0, good, good, -1, 0, 1)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> step.write(LAYERS, good, good, 0, 0, 8))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void closeOfTheCache_whileAnotherThreadHasAStepOpen_isRefused() throws InterruptedException {
        KvCache cache = open();
        try (KvStep step = cache.beginStep(AttentionMask.ones(BATCH, 1))) {
            List<String> messages = new ArrayList<>();
            Thread other = new Thread(() -> {
                try {
                    cache.close();
                } catch (IllegalStateException e) {
                    messages.add(e.getMessage());
                }
            });
            other.start();
            other.join();
            assertThat(messages)
                    .containsExactly("a step of this cache is open in thread " + Thread.currentThread().getName());
            assertThat(step.numTokens()).isEqualTo(BATCH);
        }
        assertThat(cache.numSlots()).isZero();
    }

    @Test
    void stepsOfOneToken_allocateNothingThatGrowsWithTheirNumber() {
        KvCache cache = open(config().withBatchSize(1).withBlockSize(16));
        Tensor key = Numbers.random(1, 1, WIDTH);
        AttentionMask oneSlot = AttentionMask.ones(1, 1);
        appendOneByOne(cache, oneSlot, key, 20_000);
        ThreadMXBean thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = thread.getCurrentThreadAllocatedBytes();
        appendOneByOne(cache, oneSlot, key, 8_000);
        // A block table that doubles and the handles of two segments are far below a byte per token and row.
        assertThat(thread.getCurrentThreadAllocatedBytes() - before).isLessThan(4 * 8_000);
    }

    private static void appendOneByOne(KvCache cache, AttentionMask oneSlot, Tensor key, int count) {
        for (int i = 0; i < count; i++) {
            try (KvStep step = cache.beginStep(oneSlot)) {
                for (int layer = 0; layer < LAYERS; layer++) {
                    step.write(layer, key, key, 0, 0, 1);
                }
                step.commit();
            }
        }
    }

    @Test
    void indices_areRefusedByName() {
        KvCache cache = open();
        assertOutside("row: 4, must be in [0, 4)", () -> cache.numTokens(BATCH));
        assertOutside("row: -1, must be in [0, 4)", () -> cache.truncateRow(-1, 0));
        assertOutside("row: 4, must be in [0, 4)", () -> cache.selectRows(0, BATCH));
        try (KvStep step = cache.beginStep(AttentionMask.ones(BATCH, 1))) {
            Tensor numbers = Tensor.zeros(BATCH, WIDTH);
            assertOutside("layer: 7, must be in [0, " + LAYERS + ")",
                    () -> step.write(7, numbers, numbers, 0, 0, BATCH));
            assertOutside("layer: 7, must be in [0, " + LAYERS + ")", () -> step.blocks(7, 0));
            assertOutside("row: 4, must be in [0, 4)", () -> step.blocks(0, BATCH));
            assertThat(step.blocks(0, 0).toString()).contains("0 tokens before the step");
        }
    }

    private static void assertOutside(String message, ThrowingCallable call) {
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(call).withMessage(message);
    }

    @Test
    void nullArguments_areRefusedByName() {
        KvCacheConfig config = config();
        assertNull("config: null", () -> new KvPool(null));
        assertNull("options: null", () -> new KvPool(config, null));
        assertNull("config: null", () -> new KvCache(null));
        try (KvPool pool = new KvPool(config, KvPoolOptions.defaults().withPrefixIndex())) {
            assertNull("namespace: null", () -> pool.newCache(config, null));
            assertNull("cacheConfig: null", () -> pool.newCache(null, PrefixNamespace.builder("a").build()));
        }
        KvCache cache = open();
        assertNull("newMask: null", () -> cache.beginStep(null));
        try (KvStep step = cache.beginStep(AttentionMask.ones(BATCH, 1))) {
            assertNull("keys: null", () -> step.write(0, null, Tensor.zeros(BATCH, WIDTH), 0, 0, 1));
            assertNull("values: null", () -> step.write(0, Tensor.zeros(BATCH, WIDTH), null, 0, 0, 1));
        }
    }

    private static void assertNull(String message, ThrowingCallable call) {
        assertThatNullPointerException().isThrownBy(call).withMessage(message);
    }
}
