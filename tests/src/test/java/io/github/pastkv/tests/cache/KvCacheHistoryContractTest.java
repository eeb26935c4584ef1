package io.github.pastkv.tests.cache;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.KvGraft;
import io.github.pastkv.cache.KvStep;
import io.github.pastkv.cache.PastTensor;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.cache.HistoryCache;
import io.github.pastkv.testkit.cache.HistoryCacheContractTest;
import io.github.pastkv.testkit.cache.OneLayerCache;
import org.junit.jupiter.api.Nested;

/** The contract of forks, rewinds and grafts for {@code KvCache}. */
class KvCacheHistoryContractTest {
    /** All layers alike. */
    @Nested
    class Uniform extends HistoryCacheContractTest {
        @Override
        protected HistoryCache open(HistoryCache.Setup setup) {
            return new Form(new KvCache(config(setup).withWindow(setup.window())));
        }
    }

    /** The layer that is looked at stands between others without its window. */
    @Nested
    class Mixed extends HistoryCacheContractTest {
        @Override
        protected HistoryCache open(HistoryCache.Setup setup) {
            return new Form(new KvCache(
                    config(setup).withWindows(layer -> layer == Form.LAYER ? setup.window() : KvWindow.NONE)));
        }
    }

    private static KvCacheConfig config(HistoryCache.Setup setup) {
        OneLayerCache.Setup layer = setup.layer();
        return KvCacheConfig.of(new KvShape(3, layer.numKvHeads(), layer.headDim()), layer.batchSize())
                .withKvType(layer.kvType()).withBlockSize(layer.blockSize()).withMaxTokens(layer.maxTokens())
                .withMaxRewindTokens(setup.maxRewindTokens());
    }

    /** Steps over all layers, of which one is looked at. */
    private record Form(KvCache cache) implements HistoryCache {
        static final int LAYER = 1;

        @Override
        public void append(Tensor keys, Tensor values) {
            try (KvStep step = cache.beginStep(AttentionMask.ones(cache.batchSize(), (int) keys.shape(1)))) {
                for (int layer = 0; layer < cache.numLayers(); layer++) {
                    step.write(layer, flat(keys), flat(values), 0, 0, step.numTokens());
                }
                step.commit();
            }
        }

        private static Tensor flat(Tensor tensor) {
            return Tensor.of(tensor.toFloatArray(), tensor.shape(0) * tensor.shape(1),
                    tensor.shape(2) * tensor.shape(3));
        }

        @Override
        public int numTokens() {
            return cache.numTokens(0);
        }

        @Override
        public float key(int row, int position, int kvHead, int dim) {
            try (PastTensor keys = cache.entry(LAYER).pastKeys()) {
                return keys.get(row, slot(row, position), kvHead, dim);
            }
        }

        @Override
        public float value(int row, int position, int kvHead, int dim) {
            try (PastTensor values = cache.entry(LAYER).pastValues()) {
                return values.get(row, slot(row, position), kvHead, dim);
            }
        }

        private int slot(int row, int position) {
            AttentionMask mask = cache.previousAttentionMask();
            int slot = 0;
            while (!mask.isReal(row, slot) || mask.numReal(row, slot) < position) {
                slot++;
            }
            return slot;
        }

        @Override
        public HistoryCache fork() {
            return new Form(cache.fork());
        }

        @Override
        public boolean canTruncate(int numTokens) {
            return cache.canRewind(numTokens() - numTokens);
        }

        @Override
        public void truncate(int numTokens) {
            cache.rewind(numTokens() - numTokens);
        }

        @Override
        public void graft(HistoryCache source, int from, int to) {
            KvCache other = ((Form) source).cache;
            for (int row = 0; row < cache.batchSize(); row++) {
                KvGraft.appendTokens(cache, row, new KvGraft.Tokens(other, row, from, to), KvGraft.KeyChange.NONE);
            }
        }

        @Override
        public void reset() {
            cache.reset();
        }

        @Override
        public void checkIntegrity() {
            cache.checkIntegrity();
        }

        @Override
        public void close() {
            cache.close();
        }
    }
}
