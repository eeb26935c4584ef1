package io.github.pastkv.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.KvCacheEntry.KeysValues;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.tensor.LazyTensor;
import io.github.pastkv.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;

/**
 * What tests of caches share: axes that all differ, caches that are checked after each test and closed, and steps that
 * write {@link Numbers}.
 */
abstract class CacheTest {
    static final int LAYERS = 2;
    static final int BATCH = 4;
    static final int KV_HEADS = 3;
    static final int HEAD_DIM = 7;
    static final int BLOCK_SIZE = 5;
    static final KvShape SHAPE = new KvShape(LAYERS, KV_HEADS, HEAD_DIM);

    private final List<KvCache> opened = new ArrayList<>();

    static KvCacheConfig config() {
        return KvCacheConfig.of(SHAPE, BATCH).withBlockSize(BLOCK_SIZE);
    }

    final KvCache open(KvCacheConfig config) {
        KvCache cache = new KvCache(config);
        opened.add(cache);
        return cache;
    }

    final KvCache open() {
        return open(config());
    }

    @AfterEach
    void checkAndCloseCaches() {
        for (KvCache cache : opened) {
            cache.checkIntegrity();
            cache.close();
        }
    }

    /** One committed step. */
    static void append(KvCache cache, AttentionMask mask, int salt) {
        try (KvStep step = cache.beginStep(mask)) {
            write(step, cache.config().shape(), salt);
            step.commit();
        }
    }

    static void append(KvCache cache, int numSlots) {
        append(cache, AttentionMask.ones(cache.batchSize(), numSlots), 0);
    }

    /** Writes every token of a step in all layers. */
    static void write(KvStep step, KvShape shape, int salt) {
        for (int layer = 0; layer < shape.numLayers(); layer++) {
            step.write(layer, stepNumbers(step, shape, salt, true, layer), stepNumbers(step, shape, salt, false, layer),
                    0, 0,
                    step.numTokens());
        }
    }

    private static Tensor stepNumbers(KvStep step, KvShape shape, int salt, boolean ofKeys, int layer) {
        int width = shape.numKvHeads() * shape.headDim();
        Tensor tensor = Tensor.of(new float[step.numTokens() * width], step.numTokens(), width);
        for (int token = 0; token < step.numTokens(); token++) {
            int row = step.rowOf(token);
            int position = step.position(row, token);
            for (int i = 0; i < width; i++) {
                tensor.set(Numbers.at(salt, ofKeys, layer, row, position, i / shape.headDim(), i % shape.headDim()),
                        token, i);
            }
        }
        return tensor;
    }

    /** Keys (or values) for the next slots of one layer used alone. */
    static Tensor next(KvCacheEntry entry, KvCache cache, int numSlots, int salt, boolean ofKeys) {
        return Numbers.slots(salt, ofKeys, entry.layer(), entry.numSlots(), cache.batchSize(), numSlots, KV_HEADS,
                HEAD_DIM);
    }

    static KeysValues appendTo(KvCacheEntry entry, KvCache cache, int numSlots, int salt) {
        return entry.append(next(entry, cache, numSlots, salt, true), next(entry, cache, numSlots, salt, false));
    }

    /**
     * That all layers of a cache hold the numbers of {@code salt} at every real slot of its mask, and zeros at the
     * pads.
     */
    static void assertHolds(KvCache cache, AttentionMask mask, int salt) {
        for (KvCacheEntry entry : cache.entries()) {
            try (PastTensor keys = entry.pastKeys(); PastTensor values = entry.pastValues()) {
                assertHolds(keys, mask, cache.config().kvTypes(entry.layer()).keys(), salt, true, entry.layer());
                assertHolds(values, mask, cache.config().kvTypes(entry.layer()).values(), salt, false, entry.layer());
            }
        }
    }

    static void assertHolds(LazyTensor past, AttentionMask mask, KvType type, int salt, boolean ofKeys, int layer) {
        assertThat(past.shape()).containsExactly(mask.batchSize(), mask.numSlots(), KV_HEADS, HEAD_DIM);
        for (int row = 0; row < mask.batchSize(); row++) {
            int position = 0;
            for (int slot = 0; slot < mask.numSlots(); slot++) {
                boolean real = mask.isReal(row, slot);
                for (int head = 0; head < KV_HEADS; head++) {
                    float[] stored = Numbers.stored(type, salt, ofKeys, layer, row, position, head);
                    for (int dim = 0; dim < HEAD_DIM; dim++) {
                        float expected = real ? stored[dim] : 0;
                        assertThat(past.get(row, slot, head, dim))
                                .as("layer %d, [%d, %d, %d, %d]", layer, row, slot, head, dim).isEqualTo(expected);
                    }
                }
                position += real ? 1 : 0;
            }
        }
    }
}
