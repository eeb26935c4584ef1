package io.github.pastkv.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.pastkv.cache.KvCacheEntry.KeysValues;
import io.github.pastkv.cache.block.BlockPool;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvTypes;
import io.github.pastkv.cache.layout.TiledKvLayout;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Seeded random operations on a cache against {@link NaiveCache}: what both show must be equal after each of them. */
@Tag("stress")
class KvCachePropertyTest {
    private static final int NUM_OPERATIONS = 700 * Integer.getInteger("pastkv.test.scale", 1);
    private static final int MAX_SLOTS = 130;
    private static final int MAX_SNAPSHOTS = 5;
    private static final KvShape SHAPE = new KvShape(3, 2, 7);
    private static final int WIDTH = SHAPE.numKvHeads() * SHAPE.headDim();

    /** What can happen, with how often. */
    private enum Operation {
        STEP(30), ENTRY_APPEND(14), MASK_APPEND(3), FREEZE(3), UNFREEZE(5), FREEZE_ENTRY(2), TRUNCATE(7), EVEN_OUT(14),
        SELECT_ROWS(5), RESET(2), SNAPSHOT(10), CLOSE_SNAPSHOT(8), EXHAUSTED(0), DROPPED(0), REFUSED(0);

        private final int weight;

        Operation(int weight) {
            this.weight = weight;
        }
    }

    /** A view taken at one moment, and what it showed. */
    private record Snapshot(PastTensor past, Tensor expected) {}

    private SplittableRandom random;
    private KvCache cache;
    private NaiveCache naive;
    private final List<Snapshot> snapshots = new ArrayList<>();
    private final Map<Operation, Integer> counts = new EnumMap<>(Operation.class);

    @ParameterizedTest
    @CsvSource({"F32,1,11", "F32,5,12", "F32,16,13", "F32,64,14", "F16,1,21", "F16,5,22", "F16,16,23", "F16,64,24",
        "BF16,1,31", "BF16,5,32", "BF16,16,33", "BF16,64,34", "Q8,1,41", "Q8,5,42", "Q8,16,45", "Q8,64,44"})
    void randomOperations_showWhatTheNaiveCacheShows(KvType type, int blockSize, long seed) {
        random = new SplittableRandom(seed);
        long blockBytes = new TiledKvLayout(SHAPE, KvTypes.of(type), blockSize).blockBytes();
        int maxBlocks = 4 + 130 / blockSize;
        cache = new KvCache(KvCacheConfig.of(SHAPE, 3).withKvType(type).withBlockSize(blockSize)
                .withMaxTokens(MAX_SLOTS).withMaxPoolBytes(maxBlocks * blockBytes));
        naive = new NaiveCache(SHAPE.numLayers(), 3);
        Operation operation = Operation.RESET;
        int i = 0;
        try {
            for (; i < NUM_OPERATIONS; i++) {
                operation = draw();
                run(operation);
                check(i % 10 == 0);
            }
            end();
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError(
                    "seed " + seed + ", operation " + i + " " + operation + ", " + type + ", blocks of "
                            + blockSize + ": " + e.getMessage(),
                    e);
        }
        assertThat(counts.keySet()).as("operations that happened").containsExactlyInAnyOrder(Operation.values());
    }

    private Operation draw() {
        int total = Arrays.stream(Operation.values()).mapToInt(operation -> operation.weight).sum();
        int at = random.nextInt(total);
        for (Operation operation : Operation.values()) {
            at -= operation.weight;
            if (at < 0) {
                count(operation);
                return operation;
            }
        }
        throw new AssertionError("weights");
    }

    private void count(Operation operation) {
        counts.merge(operation, 1, Integer::sum);
    }

    private void run(Operation operation) {
        switch (operation) {
            case STEP -> step();
            case ENTRY_APPEND -> entryAppend();
            case MASK_APPEND -> maskAppend();
            case FREEZE -> cache.freeze();
            case UNFREEZE -> cache.unfreeze();
            case FREEZE_ENTRY -> cache.entry(random.nextInt(SHAPE.numLayers())).freeze();
            case TRUNCATE -> truncate(random.nextInt(shortest() + 1));
            case EVEN_OUT -> truncate(shortest());
            case SELECT_ROWS -> selectRows();
            case RESET -> {
                cache.reset();
                naive.reset();
            }
            case SNAPSHOT -> snapshot();
            case CLOSE_SNAPSHOT -> closeSnapshot();
            default -> throw new AssertionError(operation);
        }
    }

    private int shortest() {
        return Arrays.stream(naive.numSlots).min().orElseThrow();
    }

    private boolean isEven() {
        int slots = naive.numSlots[0];
        for (int layer = 0; layer < SHAPE.numLayers(); layer++) {
            if (naive.numSlots[layer] != slots || cache.entry(layer).frozen() != cache.frozen()) {
                return false;
            }
        }
        return naive.maskSlots() <= slots;
    }

    private int[][] randomBits(int numSlots) {
        int[][] bits = new int[naive.batchSize()][numSlots];
        int padEvery = 1 + random.nextInt(5);
        for (int[] row : bits) {
            Arrays.setAll(row, _ -> padEvery == 1 || random.nextInt(padEvery) > 0 ? 1 : 0);
        }
        return bits;
    }

    private float[] randomToken() {
        float[] numbers = new float[2 * WIDTH];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = (float) (random.nextDouble() * 4 - 2);
        }
        for (int from = 0; from < numbers.length; from += SHAPE.headDim()) { // storing them again changes nothing
            float[] head = Arrays.copyOfRange(numbers, from, from + SHAPE.headDim());
            head = Numbers.stored(cache.config().kvTypes(0).keys(), head);
            System.arraycopy(head, 0, numbers, from, head.length);
        }
        return numbers;
    }

    private void step() {
        int[][] bits = randomBits(random.nextInt(23));
        AttentionMask newMask = AttentionMask.of(bits);
        if (!isEven()) {
            assertThatIllegalStateException().isThrownBy(() -> cache.beginStep(newMask));
            count(Operation.REFUSED);
        } else if (naive.numSlots[0] + newMask.numSlots() > MAX_SLOTS) {
            truncate(random.nextInt(MAX_SLOTS));
        } else {
            step(bits, newMask);
        }
    }

    private void step(int[][] bits, AttentionMask newMask) {
        boolean commits = random.nextInt(6) > 0;
        try (KvStep step = cache.beginStep(newMask)) {
            float[][][] tokens = new float[SHAPE.numLayers()][step.numTokens()][];
            for (int layer = 0; layer < SHAPE.numLayers(); layer++) {
                writeRandom(step, layer, tokens[layer]);
            }
            checkStepReads(step, tokens);
            if (commits) {
                step.commit();
                if (!cache.frozen()) {
                    take(step, bits, tokens);
                }
            } else {
                count(Operation.DROPPED);
            }
        } catch (PoolExhaustedException e) {
            count(Operation.EXHAUSTED);
        }
    }

    private void writeRandom(KvStep step, int layer, float[][] tokens) {
        Tensor keys = Tensor.of(new float[tokens.length * WIDTH], tokens.length, WIDTH);
        Tensor values = Tensor.of(new float[tokens.length * WIDTH], tokens.length, WIDTH);
        for (int token = 0; token < tokens.length; token++) {
            tokens[token] = randomToken();
            for (int i = 0; i < WIDTH; i++) {
                keys.set(tokens[token][i], token, i);
                values.set(tokens[token][WIDTH + i], token, i);
            }
        }
        step.write(layer, keys, values, 0, 0, tokens.length);
    }

    /** One random number of each new token, as the step itself reads it. */
    private void checkStepReads(KvStep step, float[][][] tokens) {
        for (int token = 0; token < step.numTokens(); token++) {
            int layer = random.nextInt(SHAPE.numLayers());
            int row = step.rowOf(token);
            int i = random.nextInt(WIDTH);
            assertThat(step.blocks(layer, row).read(step.layerInGroup(layer), true, step.position(row, token),
                    i / SHAPE.headDim(), i % SHAPE.headDim())).isEqualTo(tokens[layer][token][i]);
        }
    }

    private void take(KvStep step, int[][] bits, float[][][] tokens) {
        naive.extendMask(naive.numSlots[0]);
        naive.appendMask(bits);
        for (int layer = 0; layer < SHAPE.numLayers(); layer++) {
            naive.numSlots[layer] += step.newMask().numSlots();
            for (int token = 0; token < tokens[layer].length; token++) {
                naive.addToken(layer, step.rowOf(token), tokens[layer][token]);
            }
        }
    }

    private void entryAppend() {
        int layer = random.nextInt(SHAPE.numLayers());
        int numNew = random.nextInt(7);
        if (naive.numSlots[layer] + numNew > MAX_SLOTS) {
            truncate(0);
        }
        float[][][] tokens = new float[naive.batchSize()][numNew][];
        Tensor keys = entryTensor(numNew);
        Tensor values = entryTensor(numNew);
        for (int row = 0; row < tokens.length; row++) {
            for (int slot = 0; slot < numNew; slot++) {
                tokens[row][slot] = randomToken();
                for (int i = 0; i < WIDTH; i++) {
                    keys.set(tokens[row][slot][i], row, slot, i / SHAPE.headDim(), i % SHAPE.headDim());
                    values.set(tokens[row][slot][WIDTH + i], row, slot, i / SHAPE.headDim(), i % SHAPE.headDim());
                }
            }
        }
        try {
            KeysValues all = cache.entry(layer).append(keys, values);
            checkAppended(layer, tokens, all);
        } catch (PoolExhaustedException e) {
            count(Operation.EXHAUSTED);
        }
    }

    private Tensor entryTensor(int numNew) {
        return Tensor.of(new float[naive.batchSize() * numNew * WIDTH], naive.batchSize(), numNew, SHAPE.numKvHeads(),
                SHAPE.headDim());
    }

    private void checkAppended(int layer, float[][][] tokens, KeysValues all) {
        int pastSlots = naive.numSlots[layer];
        NaiveCache after = cache.entry(layer).frozen() ? naive.copy() : naive;
        for (int row = 0; row < tokens.length; row++) {
            for (int slot = 0; slot < tokens[row].length; slot++) {
                if (after.isReal(row, pastSlots + slot)) {
                    after.addToken(layer, row, tokens[row][slot]);
                }
            }
        }
        after.numSlots[layer] += tokens[0].length;
        assertThat(all.keys().toFloatArray()).isEqualTo(after.view(layer, true, WIDTH));
        assertThat(all.values().toFloatArray()).isEqualTo(after.view(layer, false, WIDTH));
    }

    private void maskAppend() {
        int[][] bits = randomBits(random.nextInt(5));
        int longest = Arrays.stream(naive.numSlots).max().orElseThrow();
        boolean agrees = true;
        for (int[] row : bits) {
            for (int slot = 0; slot < row.length; slot++) {
                agrees &= row[slot] == 1 || naive.maskSlots() + slot >= longest;
            }
        }
        if (!agrees) {
            assertThatIllegalArgumentException().isThrownBy(() -> cache.appendAttentionMask(AttentionMask.of(bits)));
            count(Operation.REFUSED);
            return;
        }
        AttentionMask joined = cache.appendAttentionMask(AttentionMask.of(bits));
        NaiveCache after = cache.frozen() ? naive.copy() : naive;
        after.appendMask(bits);
        assertThat(joined.toArray()).isDeepEqualTo(after.maskBits());
    }

    private void truncate(int newNumSlots) {
        int allowed = Math.min(newNumSlots, shortest());
        cache.truncate(allowed);
        naive.truncate(allowed);
    }

    private void selectRows() {
        int[] rows = new int[1 + random.nextInt(4)];
        Arrays.setAll(rows, _ -> random.nextInt(naive.batchSize()));
        cache.selectRows(rows);
        naive.selectRows(rows);
    }

    private void snapshot() {
        if (snapshots.size() < MAX_SNAPSHOTS) {
            int layer = random.nextInt(SHAPE.numLayers());
            boolean ofKeys = random.nextBoolean();
            KvCacheEntry entry = cache.entry(layer);
            float[] expected = naive.view(layer, ofKeys, WIDTH);
            snapshots.add(new Snapshot(ofKeys ? entry.pastKeys() : entry.pastValues(),
                    Tensor.of(expected, expected.length)));
        }
    }

    private void closeSnapshot() {
        if (!snapshots.isEmpty()) {
            Snapshot snapshot = snapshots.remove(random.nextInt(snapshots.size()));
            assertThat(snapshot.past.toFloatArray()).isEqualTo(snapshot.expected.toFloatArray());
            snapshot.past.close();
        }
    }

    private void check(boolean withNumbers) {
        cache.checkIntegrity();
        assertThat(cache.batchSize()).isEqualTo(naive.batchSize());
        assertThat(cache.previousAttentionMask().toArray()).isDeepEqualTo(naive.maskBits());
        for (int layer = 0; layer < SHAPE.numLayers(); layer++) {
            KvCacheEntry entry = cache.entry(layer);
            assertThat(entry.numSlots()).isEqualTo(naive.numSlots[layer]);
            for (int row = 0; row < naive.batchSize(); row++) {
                assertThat(cache.numTokens(layer, row)).isEqualTo(naive.numTokens(layer, row));
            }
            if (withNumbers) {
                try (PastTensor keys = entry.pastKeys(); PastTensor values = entry.pastValues()) {
                    assertThat(keys.toFloatArray()).isEqualTo(naive.view(layer, true, WIDTH));
                    assertThat(values.toFloatArray()).isEqualTo(naive.view(layer, false, WIDTH));
                }
            }
        }
    }

    /** Snapshots outlive the cache; with the last of them the pool is empty. */
    private void end() {
        check(true);
        BlockPool pool = cache.group(0).pool();
        cache.close();
        while (!snapshots.isEmpty()) {
            closeSnapshot();
            pool.checkIntegrity();
        }
        assertThat(pool.numHeld()).isZero();
    }
}
