package io.github.pastkv.tests.cache;

import io.github.pastkv.cache.DataType;
import io.github.pastkv.cache.KvLayout;
import io.github.pastkv.cache.KvShape;
import io.github.pastkv.cache.PlainKvLayout;
import io.github.pastkv.testkit.cache.KvLayoutContractTest;
import org.junit.jupiter.api.Nested;

/** {@link PlainKvLayout} keeps the contract in every type. */
class PlainKvLayoutContractTest {
    @Nested
    class F32 extends Plain {
        F32() {
            super(DataType.F32);
        }
    }

    @Nested
    class F16 extends Plain {
        F16() {
            super(DataType.F16);
        }
    }

    @Nested
    class Bf16 extends Plain {
        Bf16() {
            super(DataType.BF16);
        }
    }

    private abstract static class Plain extends KvLayoutContractTest {
        private final DataType type;

        Plain(DataType type) {
            this.type = type;
        }

        @Override
        protected KvLayout layout(KvShape shape, int blockSize) {
            return new PlainKvLayout(shape, type, blockSize);
        }

        @Override
        protected float[] stored(float[] written) {
            float[] rounded = new float[written.length];
            for (int i = 0; i < rounded.length; i++) {
                rounded[i] = type.round(written[i]);
            }
            return rounded;
        }
    }
}
