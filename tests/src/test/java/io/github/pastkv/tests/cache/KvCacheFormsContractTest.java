package io.github.pastkv.tests.cache;

import io.github.pastkv.cache.FixedKvCache;
import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.KvCacheEntry;
import io.github.pastkv.cache.KvCacheEntry.KeysValues;
import io.github.pastkv.cache.KvStep;
import io.github.pastkv.cache.PastTensor;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.cache.KvCacheContractTest;
import io.github.pastkv.testkit.cache.OneLayerCache;
import java.lang.foreign.MemorySegment;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;

/** The cache contract for each form: a model step, an entry, and the fixed cache. */
class KvCacheFormsContractTest {
    /** One entry appended to alone. */
    @Nested
    class Entry extends KvCacheContractTest {
        @Override
        protected OneLayerCache open(OneLayerCache.Setup setup) {
            return new EntryForm(setup);
        }
    }

    /** Steps over all layers, of which one is looked at. */
    @Nested
    class Steps extends KvCacheContractTest {
        @Override
        protected OneLayerCache open(OneLayerCache.Setup setup) {
            return new StepsForm(setup);
        }
    }

    /** An entry of a repeated row, so that each first write to a block copies it. */
    @Nested
    class EntryOfSharedRows extends KvCacheContractTest {
        @Override
        protected OneLayerCache open(OneLayerCache.Setup setup) {
            return new SharedRowsForm(setup);
        }
    }

    /** Fixed capacity. */
    @Nested
    class Fixed extends KvCacheContractTest {
        @Override
        protected OneLayerCache open(OneLayerCache.Setup setup) {
            return new FixedForm(setup);
        }

        /** It returns what it was given. */
        @Override
        protected Stream<KvType> kvTypes() {
            return Stream.of(KvType.F32, KvType.F16, KvType.BF16);
        }
    }

    private static KvCacheConfig config(OneLayerCache.Setup setup) {
        return KvCacheConfig.of(new KvShape(2, setup.numKvHeads(), setup.headDim()), setup.batchSize())
                .withKvType(setup.kvType()).withBlockSize(setup.blockSize()).withMaxTokens(setup.maxTokens());
    }

    /** The last entry of a cache of two layers. */
    private static class EntryForm implements OneLayerCache {
        private final Setup setup;
        final KvCache cache;

        EntryForm(Setup setup) {
            this.setup = setup;
            this.cache = new KvCache(config(setup));
        }

        final KvCacheEntry entry() {
            return cache.entry(1);
        }

        @Override
        public void append(Tensor keys, Tensor values) {
            requireType("keys", keys);
            requireType("values", values);
            entry().append(keys, values);
        }

        /** An entry takes F32 whatever it stores; the contract wants the storage type and nothing else. */
        final void requireType(String name, Tensor tensor) {
            if (tensor.dataType() != setup.dataType()) {
                throw new IllegalArgumentException(name + ": " + tensor.typeAndShape());
            }
        }

        @Override
        public int numTokens() {
            return entry().numSlots();
        }

        @Override
        public float key(int row, int position, int kvHead, int dim) {
            try (PastTensor keys = entry().pastKeys()) {
                return keys.get(row, position, kvHead, dim);
            }
        }

        @Override
        public float value(int row, int position, int kvHead, int dim) {
            try (PastTensor values = entry().pastValues()) {
                return values.get(row, position, kvHead, dim);
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

    /** Committed steps that write the same numbers to both layers, row by row. */
    private static final class StepsForm extends EntryForm {
        StepsForm(Setup setup) {
            super(setup);
        }

        @Override
        public void append(Tensor keys, Tensor values) {
            requireAppendable("keys", keys, keys);
            requireAppendable("values", values, keys);
            try (KvStep step = cache.beginStep(AttentionMask.ones(cache.batchSize(), (int) keys.shape(1)))) {
                for (int layer = 0; layer < 2; layer++) {
                    step.write(layer, flat(keys), flat(values), 0, 0, step.numTokens());
                }
                step.commit();
            }
        }

        /** The step sees flat rows of floats only; shapes are the model's affair. */
        private void requireAppendable(String name, Tensor tensor, Tensor keys) {
            requireType(name, tensor);
            KvShape shape = cache.config().shape();
            if (tensor.shape(0) != cache.batchSize() || tensor.shape(1) != keys.shape(1)
                    || tensor.shape(2) != shape.numKvHeads() || tensor.shape(3) != shape.headDim()) {
                throw new IllegalArgumentException(name + ": " + tensor.typeAndShape());
            }
        }

        private static Tensor flat(Tensor tensor) {
            return Tensor.of(tensor.toFloatArray(), tensor.shape(0) * tensor.shape(1),
                    tensor.shape(2) * tensor.shape(3));
        }
    }

    /** Before each append the rows are dropped to themselves over shared blocks, with snapshots held on the way. */
    private static final class SharedRowsForm extends EntryForm {
        SharedRowsForm(Setup setup) {
            super(setup);
        }

        @Override
        public void append(Tensor keys, Tensor values) {
            cache.selectRows(0, 1, 0, 1);
            cache.selectRows(2, 3);
            try (PastTensor _ = entry().pastKeys()) {
                super.append(keys, values);
            }
        }
    }

    /** {@link FixedKvCache}, whose axes are [B, H, S, D]. */
    private static final class FixedForm implements OneLayerCache {
        private final FixedKvCache cache;
        private final KeysValues buffers;

        FixedForm(Setup setup) {
            cache = new FixedKvCache(setup.batchSize(), setup.maxTokens(), setup.numKvHeads(), setup.headDim(),
                    setup.dataType());
            Tensor nothing = Tensor.wrap(setup.dataType(), MemorySegment.NULL, setup.batchSize(),
                    setup.numKvHeads(), 0, setup.headDim());
            buffers = cache.update(nothing, nothing);
        }

        @Override
        public void append(Tensor keys, Tensor values) {
            cache.update(keys.transpose(1, 2), values.transpose(1, 2));
        }

        @Override
        public int numTokens() {
            return cache.size();
        }

        @Override
        public float key(int row, int position, int kvHead, int dim) {
            return buffers.keys().get(row, kvHead, position, dim);
        }

        @Override
        public float value(int row, int position, int kvHead, int dim) {
            return buffers.values().get(row, kvHead, position, dim);
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
