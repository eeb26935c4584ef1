package io.github.pastkv.tests.cache;

import io.github.pastkv.cache.layout.KvLayout;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvTypes;
import io.github.pastkv.cache.layout.TiledKvLayout;
import io.github.pastkv.testkit.cache.KvLayoutContractTest;
import io.github.pastkv.testkit.cache.StoredNumbers;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;

/** The layout contract for {@link TiledKvLayout}, in every type and with different types for keys and values. */
class TiledKvLayoutContractTest {
    @Nested
    class F32 extends Tiled {
        F32() {
            super(KvType.F32, KvType.F32);
        }
    }

    @Nested
    class F16 extends Tiled {
        F16() {
            super(KvType.F16, KvType.F16);
        }
    }

    @Nested
    class Bf16 extends Tiled {
        Bf16() {
            super(KvType.BF16, KvType.BF16);
        }
    }

    @Nested
    class Q8 extends Tiled {
        Q8() {
            super(KvType.Q8, KvType.Q8);
        }
    }

    @Nested
    class Q8KeysBf16Values extends Tiled {
        Q8KeysBf16Values() {
            super(KvType.Q8, KvType.BF16);
        }
    }

    @Nested
    class F32KeysQ8Values extends Tiled {
        F32KeysQ8Values() {
            super(KvType.F32, KvType.Q8);
        }
    }

    abstract static class Tiled extends KvLayoutContractTest {
        private final KvTypes types;

        Tiled(KvType keys, KvType values) {
            this.types = new KvTypes(keys, values);
        }

        @Override
        protected KvLayout layout(KvShape shape, int blockSize) {
            return new TiledKvLayout(shape, types, blockSize);
        }

        /** The largest has three groups of numbers with a scale, the last of them smaller. */
        @Override
        protected IntStream headDims() {
            return IntStream.of(70, 32, 7, 1);
        }

        @Override
        protected float[] storedKey(float[] written) {
            return StoredNumbers.of(types.keys(), written);
        }

        @Override
        protected float[] storedValue(float[] written) {
            return StoredNumbers.of(types.values(), written);
        }
    }
}
