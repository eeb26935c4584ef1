package io.github.pastkv.tests.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.FixedKvCache;
import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.KvCacheEntry;
import io.github.pastkv.cache.KvCacheEntry.KeysValues;
import io.github.pastkv.cache.PastTensor;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.LazyTensor;
import io.github.pastkv.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** The examples in the class comments of the caches, run. DocumentCodeTest holds the comments to these lines. */
class SeedExamplesTest {
    private final Tensor newKeys = Tensor.full(2, 1, 3, 3, 14);
    private final Tensor newValues = Tensor.full(3, 1, 3, 3, 14);

    @Test
    void transformerLensCache() {
        KvCache cache = new KvCache(KvCacheConfig.of(new KvShape(2, 3, 14), 1)); // L, K, D; batch
        cache.appendAttentionMask(AttentionMask.ones(1, 5));
        cache.entries().forEach(entry -> entry.append(Tensor.ones(1, 5, 3, 14), Tensor.ones(1, 5, 3, 14)));
        cache.freeze(); // from here on nothing is stored
        LazyTensor keys = cache.entry(0).append(newKeys, newValues).keys(); // [1, 8, 3, 14]; numSlots() stays 5
        assertThat(keys.shape()).containsExactly(1, 8, 3, 14);
        assertThat(keys.get(0, 4, 2, 13)).isEqualTo(1);
        assertThat(keys.get(0, 7, 2, 13)).isEqualTo(2);
        assertThat(cache.numSlots()).isEqualTo(5);
        assertThat(cache.previousAttentionMask().numSlots()).isEqualTo(5);
        cache.close();
    }

    @Test
    void transformerLensEntry() {
        try (KvCache cache = new KvCache(KvCacheConfig.of(new KvShape(2, 3, 14), 1))) {
            KvCacheEntry entry = cache.entry(0); // past_keys: [1, 0, 3, 14]
            KeysValues past = entry.append(Tensor.ones(1, 5, 3, 14), Tensor.zeros(1, 5, 3, 14)); // [1, 5, 3, 14]
            assertThat(past.values().shape()).containsExactly(1, 5, 3, 14);
            entry.freeze();
            KeysValues all = entry.append(newKeys, newValues); // [1, 8, 3, 14], the entry keeps 5
            assertThat(all.values().shape()).containsExactly(1, 8, 3, 14);
            PastTensor pastKeys = entry.pastKeys(); // [1, 5, 3, 14], a snapshot without a copy
            assertThat(pastKeys.shape()).containsExactly(1, 5, 3, 14);
        }
    }

    @Test
    void torchtuneCache() {
        FixedKvCache cache = new FixedKvCache(2, 16, 4, 32, DataType.BF16);
        Tensor prompt = Tensor.ones(DataType.BF16, 2, 4, 8, 32);
        cache.update(prompt, prompt); // size() is 8: positions 0 to 7 are filled
        assertThat(cache.size()).isEqualTo(8);
        Tensor next = Tensor.ones(DataType.BF16, 2, 4, 1, 32);
        KeysValues buffers = cache.update(next, next); // size() is 9; [2, 4, 16, 32], zeros from position 9 on
        assertThat(cache.size()).isEqualTo(9);
        assertThat(buffers.keys().shape()).containsExactly(2, 4, 16, 32);
        assertThat(buffers.keys().get(1, 3, 8, 31)).isEqualTo(1);
        assertThat(buffers.keys().get(1, 3, 9, 31)).isZero();
        cache.close();
    }
}
