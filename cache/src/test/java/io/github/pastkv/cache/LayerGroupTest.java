package io.github.pastkv.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.pastkv.cache.KvCacheEntry.KeysValues;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvTypes;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.cache.layout.LayerStorageSpec;
import io.github.pastkv.cache.mask.AttentionMask;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Layers that store differently: groups of any set of layers, and windows that let go of what nobody sees again. */
class LayerGroupTest extends CacheTest {
    private static final int WINDOW = 11;
    private static final int REWIND = 6;
    private static final LayerStorageSpec PLAIN = new LayerStorageSpec(KvTypes.of(KvType.F32), KvWindow.NONE);
    private static final LayerStorageSpec SMALL = PLAIN.withTypes(new KvTypes(KvType.Q8, KvType.BF16));
    private static final LayerStorageSpec WINDOWED = PLAIN.withWindow(KvWindow.of(WINDOW));
    private static final List<LayerStorageSpec> MIXED = List.of(WINDOWED, PLAIN, SMALL, WINDOWED, PLAIN);

    private static KvCacheConfig config(List<LayerStorageSpec> layers) {
        return KvCacheConfig.of(new KvShape(layers.size(), KV_HEADS, HEAD_DIM), BATCH).withBlockSize(BLOCK_SIZE)
                .withLayers(layers).withMaxRewindTokens(REWIND);
    }

    private static KvCacheConfig windowed(KvWindow window) {
        return config().withWindow(window).withMaxRewindTokens(REWIND);
    }

    /** That every layer shows the numbers of the tokens that the next one sees, and zeros for the others. */
    private static void assertShows(KvCache cache, int salt) {
        for (KvCacheEntry entry : cache.entries()) {
            try (PastTensor keys = entry.pastKeys(); PastTensor values = entry.pastValues()) {
                for (int row = 0; row < cache.batchSize(); row++) {
                    assertShows(cache, keys, entry.layer(), row, true, salt);
                    assertShows(cache, values, entry.layer(), row, false, salt);
                }
            }
        }
    }

    private static void assertShows(KvCache cache, PastTensor past, int layer, int row, boolean ofKeys, int salt) {
        KvWindow window = cache.config().window(layer);
        KvTypes types = cache.config().kvTypes(layer);
        KvType type = ofKeys ? types.keys() : types.values();
        int next = cache.numTokens(row);
        AttentionMask mask = cache.previousAttentionMask();
        int position = 0;
        for (int slot = 0; slot < mask.numSlots(); slot++) {
            boolean shown = mask.isReal(row, slot) && window.sees(next, position);
            float[] stored = Numbers.stored(type, salt, ofKeys, layer, row, position, 2);
            for (int dim = 0; dim < HEAD_DIM; dim++) {
                assertThat(past.get(row, slot, 2, dim)).as("layer %d, row %d, slot %d", layer, row, slot)
                        .isEqualTo(shown ? stored[dim] : 0);
            }
            position += mask.isReal(row, slot) ? 1 : 0;
        }
        assertThat(past.firstHeld(row)).isEqualTo(window.firstVisible(next));
    }

    @Test
    void groups_areLayersOfEqualSpecWhereverTheyLie() {
        KvCache cache = open(config(MIXED));
        assertThat(cache.pool().groups()).hasSize(3);
        assertThat(IntStream.range(0, 5).mapToObj(cache::groupOf)).containsExactly(cache.group(0), cache.group(1),
                cache.group(2), cache.group(0), cache.group(1));
        try (KvStep step = cache.beginStep(AttentionMask.ones(BATCH, 1))) {
            assertThat(IntStream.range(0, 5).map(step::layerInGroup)).containsExactly(0, 0, 0, 1, 1);
            assertThat(step.window(3, 0)).isEqualTo(KvWindow.of(WINDOW));
            assertThat(step.window(4, 0)).isEqualTo(KvWindow.NONE);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 16, 64})
    void append_inAnyChunks_showsEachLayerAsItStores(int blockSize) {
        KvCache cache = open(config(MIXED).withBlockSize(blockSize));
        for (int chunk : new int[] {1, 4, 30, 1, 1, 2, 17, 1}) {
            append(cache, chunk);
            assertShows(cache, 0);
        }
        append(cache, AttentionMask.of(new int[][] {{0, 1, 1}, {1, 1, 1}, {1, 0, 1}, {0, 0, 0}}), 0);
        assertShows(cache, 0);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 4, 7})
    void append_toAWindow_holdsNoMoreThanWindowRewindAndSinks(int numSinks) {
        KvCache cache = open(windowed(new KvWindow(WINDOW, numSinks)));
        long blockBytes = cache.group(0).layout().blockBytes();
        int tokens = WINDOW - 1 + REWIND;
        long most = 1L + Math.ceilDiv(tokens, BLOCK_SIZE) + Math.ceilDiv(numSinks, BLOCK_SIZE);
        for (int i = 0; i < 300; i++) {
            append(cache, 1);
            assertThat(cache.cacheBytes()).isLessThanOrEqualTo(BATCH * most * blockBytes);
        }
        assertShows(cache, 0);
        assertThat(cache.numSlots()).isEqualTo(300);
        cache.reset();
        assertThat(cache.cacheBytes()).isZero();
        append(cache, 40);
        assertShows(cache, 0);
    }

    @ParameterizedTest
    @CsvSource({"1,0", "1,3", "11,0", "11,7", "30,2"})
    void rewind_uptoTheStatedDistance_isAlwaysPossible(int numTokens, int numSinks) {
        for (int length = 1; length < 70; length++) {
            KvCache cache = open(windowed(new KvWindow(numTokens, numSinks)));
            append(cache, length);
            int distance = Math.min(length, REWIND);
            assertThat(cache.canRewind(distance)).isTrue();
            cache.rewind(distance);
            assertShows(cache, 0);
            append(cache, distance + 3);
            assertShows(cache, 0);
        }
    }

    @Test
    void rewind_beyondTheStatedDistance_isRefusedByNameAndChangesNothing() {
        KvCache cache = open(config(MIXED));
        append(cache, 40);
        assertThat(cache.canRewind(REWIND)).isTrue();
        assertThat(cache.canRewind(REWIND + 1)).isFalse();
        assertThat(cache.canRewind(-1)).isFalse();
        String message = "tokens: row 0 cannot go back to 33: layer 0 (window 11) has evicted what its next token "
                + "would attend to; 34 is the fewest (maxRewindTokens is 6)";
        assertThatIllegalArgumentException().isThrownBy(() -> cache.rewind(7)).withMessage(message);
        assertThatIllegalArgumentException().isThrownBy(() -> cache.truncate(33)).withMessage(message);
        assertThatIllegalArgumentException().isThrownBy(() -> cache.truncateRow(0, 33)).withMessage(message);
        assertShows(cache, 0);
        cache.truncateRow(2, 35);
        assertThat(cache.numTokens(2)).isEqualTo(35);
        assertThat(cache.canRewind(2)).isFalse();
        assertShows(cache, 0);
        cache.truncate(0);
        append(cache, 40);
        assertShows(cache, 0);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 16})
    void canRewind_doesNotDependOnTheBlockSizeOrTheChunks(int blockSize) {
        KvCache whole = open(windowed(KvWindow.of(WINDOW)).withBlockSize(blockSize));
        append(whole, 50);
        KvCache single = open(windowed(KvWindow.of(WINDOW)).withBlockSize(blockSize));
        for (int i = 0; i < 50; i++) {
            append(single, 1);
        }
        for (int distance = 0; distance <= 51; distance++) {
            boolean expected = distance <= REWIND || distance == 50;
            assertThat(whole.canRewind(distance)).as("%d", distance).isEqualTo(expected);
            assertThat(single.canRewind(distance)).as("%d", distance).isEqualTo(expected);
        }
    }

    @Test
    void snapshot_keepsWhatTheWindowLetsGoOfLater() {
        KvCache cache = open(windowed(new KvWindow(WINDOW, 2)));
        append(cache, 20);
        try (PastTensor keys = cache.entry(1).pastKeys()) {
            append(cache, 50);
            assertThat(keys.firstHeld(3)).isEqualTo(10);
            for (int slot = 0; slot < 20; slot++) {
                boolean shown = slot < 2 || slot >= 10;
                assertThat(keys.get(3, slot, 1, 4))
                        .isEqualTo(shown ? Numbers.at(0, true, 1, 3, slot, 1, 4) : 0);
            }
        }
        assertShows(cache, 0);
    }

    @Test
    void fork_ofAWindow_goesItsOwnWay() {
        KvCache cache = open(config(MIXED));
        append(cache, 33);
        try (KvCache fork = cache.fork()) {
            append(fork, AttentionMask.ones(BATCH, 1), 0);
            append(cache, 60);
            assertShows(cache, 0);
            assertShows(fork, 0);
            fork.rewind(3);
            append(fork, 9);
            assertShows(fork, 0);
        }
        long heldBytes = cache.cacheBytes();
        assertThat(cache.pool().heldBytes()).isEqualTo(heldBytes);
    }

    @Test
    void rows_areSelectedRepeatedAndAddedOverWindows() {
        KvCache cache = open(config(MIXED));
        append(cache, 33);
        cache.selectRows(0, 0, 0);
        assertThat(cache.batchSize()).isEqualTo(3);
        cache.selectRows(1);
        assertShows(cache, 0);
        cache.addRows(1);
        append(cache, AttentionMask.of(new int[][] {{0, 0}, {1, 1}}), 0);
        assertThat(cache.numTokens(1)).isEqualTo(2);
        assertShows(cache, 0);
    }

    @Test
    void entry_ofAWindow_lendsAllThatItsNewTokensSee() {
        KvCache cache = open(windowed(KvWindow.of(WINDOW)));
        KvCacheEntry entry = cache.entry(1);
        appendTo(entry, cache, 20, 0);
        KeysValues lent = appendTo(entry, cache, 30, 0);
        for (int slot = 0; slot < 50; slot++) {
            assertThat(lent.keys().get(2, slot, 1, 3))
                    .isEqualTo(slot < 10 ? 0 : Numbers.at(0, true, 1, 2, slot, 1, 3));
            assertThat(lent.values().get(2, slot, 1, 3))
                    .isEqualTo(slot < 10 ? 0 : Numbers.at(0, false, 1, 2, slot, 1, 3));
        }
        appendTo(cache.entry(0), cache, 50, 0); // layers of one group may differ for a while
        assertShows(cache, 0);
        append(cache, 5);
        assertShows(cache, 0);
    }

    @Test
    void exhaustion_countsAllGroupsAndChangesNothing() {
        KvCacheConfig config = config(MIXED).withBatchSize(1);
        long plainBytes = 2L * HEAD_DIM * Float.BYTES;
        long smallBytes = HEAD_DIM + Short.BYTES + HEAD_DIM * Short.BYTES; // q8 with a scale, bf16
        long blockBytes = (long) KV_HEADS * BLOCK_SIZE * (4 * plainBytes + smallBytes);
        KvCache cache = open(config.withMaxPoolBytes(2 * blockBytes));
        append(cache, 10);
        assertThat(cache.pool().heldBytes()).isEqualTo(2 * blockBytes);
        assertThatExceptionOfType(PoolExhaustedException.class).isThrownBy(() -> append(cache, 1));
        assertThat(cache.pool().heldBytes()).isEqualTo(2 * blockBytes);
        assertThat(cache.numSlots()).isEqualTo(10);
        assertShows(cache, 0);
        cache.rewind(3);
        cache.rewind(3);
        append(cache, 6);
        assertShows(cache, 0);
    }

    @Test
    void config_refusesOtherNumbersOfLayers() {
        assertThatIllegalArgumentException().isThrownBy(() -> config().withLayers(Collections.nCopies(3, PLAIN)))
                .withMessage("layers: 3 specs, the shape has 2 layers");
    }
}
