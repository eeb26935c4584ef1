package io.github.pastkv.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TensorTest {
    /** Element (i, j, k) of [2, 3, 5] is 100 i + 10 j + k. */
    private static Tensor counted() {
        float[] values = new float[30];
        for (int i = 0; i < 30; i++) {
            values[i] = 100 * (i / 15) + 10 * (i / 5 % 3) + i % 5;
        }
        return Tensor.of(values, 2, 3, 5);
    }

    @Test
    void of_isRowMajorOverTheSameArray() {
        float[] values = {1, 2, 3, 4, 5, 6};
        Tensor tensor = Tensor.of(values, 2, 3);
        assertThat(tensor.get(1, 2)).isEqualTo(6);
        tensor.set(9, 1, 0);
        assertThat(values[3]).isEqualTo(9);
        assertThat(tensor.stride(0)).isEqualTo(3);
        assertThat(tensor.stride(1)).isEqualTo(1);
        assertThat(tensor.rank()).isEqualTo(2);
        assertThat(tensor.numElements()).isEqualTo(6);
    }

    @ParameterizedTest
    @EnumSource
    void allocate_isZeroAndOfItsType(DataType type) {
        try (Arena arena = Arena.ofConfined()) {
            Tensor tensor = Tensor.allocate(arena, type, 2, 3, 5);
            assertThat(tensor.toFloatArray()).hasSize(30).containsOnly(0);
            assertThat(tensor.segment().byteSize()).isEqualTo(30L * type.bytes());
            tensor.set(1 / 3f, 1, 0, 4);
            assertThat(tensor.get(1, 0, 4)).isEqualTo(type.round(1 / 3f));
        }
    }

    @Test
    void wrap_overTooFewBytes_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Tensor.wrap(DataType.F16, MemorySegment.ofArray(new byte[11]), 2, 3))
                .withMessage("segment: 11 bytes, but F16[2, 3] needs 12");
    }

    @Test
    void wrap_ofANegativeOrImmenseShape_isRefused() {
        MemorySegment segment = MemorySegment.ofArray(new byte[8]);
        assertThatIllegalArgumentException().isThrownBy(() -> Tensor.wrap(DataType.F32, segment, 2, -1))
                .withMessage("shape: negative length in [2, -1]");
        assertThatIllegalArgumentException().isThrownBy(() -> Tensor.wrap(DataType.F32, segment, 1L << 40, 1L << 40))
                .withMessageStartingWith("shape: [1099511627776, 1099511627776], more than");
        assertThatIllegalArgumentException().isThrownBy(() -> Tensor.wrap(DataType.F32, segment, Long.MAX_VALUE))
                .withMessageStartingWith("shape: [9223372036854775807], more than");
        assertThatNullPointerException().isThrownBy(() -> Tensor.zeros((long[]) null)).withMessage("shape: null");
    }

    @Test
    void readOnlyTensor_cannotBeWritten() {
        Tensor tensor = counted().asReadOnly();
        String message = "this tensor is read-only: write to a copy() of it";
        assertThatIllegalArgumentException().isThrownBy(() -> tensor.set(1, 0, 0, 0)).withMessage(message);
        assertThatIllegalArgumentException().isThrownBy(() -> tensor.copyFrom(counted())).withMessage(message);
        tensor.copy().set(1, 0, 0, 0);
    }

    @Test
    void shape_isACopy() {
        Tensor tensor = counted();
        tensor.shape()[0] = 7;
        assertThat(tensor.shape()).containsExactly(2, 3, 5);
        long[] shape = {2, 15};
        Tensor reshaped = tensor.reshape(shape);
        Tensor wrapped = Tensor.of(new float[30], shape);
        shape[0] = 9;
        assertThat(reshaped.shape(0)).isEqualTo(2);
        assertThat(wrapped.shape(0)).isEqualTo(2);
    }

    @Test
    void get_outsideTheShape_isRefused() {
        assertThatThrownBy(() -> counted().get(0, 3, 0)).isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessage("index: [0, 3, 0], the tensor is F32[2, 3, 5]");
        assertThatThrownBy(() -> counted().get(0, 0, -1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatIllegalArgumentException().isThrownBy(() -> counted().get(0, 0))
                .withMessage("index: 2 axes, tensor has 3");
    }

    @Test
    void narrow_ofEachAxis_isAViewOfThatPart() {
        Tensor tensor = counted();
        assertThat(tensor.narrow(0, 1, 2).get(0, 2, 3)).isEqualTo(123);
        assertThat(tensor.narrow(1, 1, 3).get(1, 0, 3)).isEqualTo(113);
        assertThat(tensor.narrow(2, 2, 5).get(1, 2, 0)).isEqualTo(122);
        assertThat(tensor.narrow(1, 1, 3).shape()).containsExactly(2, 2, 5);
        tensor.narrow(2, 4, 5).set(-1, 1, 1, 0);
        assertThat(tensor.get(1, 1, 4)).isEqualTo(-1);
        assertThatThrownBy(() -> tensor.narrow(1, 2, 4)).isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessage("axis 1: [2, 4), must be within [0, 3)");
        assertThatThrownBy(() -> tensor.shape(3)).hasMessage("axis: 3, must be in [0, 3)");
    }

    @Test
    void narrow_toNothing_isEmptyWhereverItStands() {
        assertThat(counted().narrow(0, 2, 2).toFloatArray()).isEmpty();
        assertThat(counted().narrow(2, 5, 5).shape()).containsExactly(2, 3, 0);
        assertThat(Tensor.of(new float[0], 0, 5).narrow(1, 3, 5).shape()).containsExactly(0, 2);
    }

    @Test
    void transpose_exchangesTwoAxes() {
        Tensor turned = counted().transpose(0, 2);
        assertThat(turned.shape()).containsExactly(5, 3, 2);
        assertThat(turned.get(4, 2, 1)).isEqualTo(124);
        assertThat(turned.isContiguous()).isFalse();
        assertThat(turned.transpose(0, 2).isContiguous()).isTrue();
        assertThat(Tensor.of(new float[] {0, 1, 2, 3, 4, 5}, 2, 3).transpose(0, 1).toFloatArray())
                .containsExactly(0, 3, 1, 4, 2, 5);
        assertThatThrownBy(() -> counted().transpose(0, 3)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void reshape_ofContiguousElements_keepsTheirOrder() {
        assertThat(counted().reshape(5, 6).get(2, 4)).isEqualTo(101); // element 16
        assertThatIllegalArgumentException().isThrownBy(() -> counted().reshape(2, 14))
                .withMessage("shape: F32[2, 3, 5] cannot be seen as [2, 14]");
        assertThatIllegalArgumentException().isThrownBy(() -> counted().transpose(0, 1).reshape(30));
    }

    @Test
    void copyTo_ofAnotherLayoutAndType_goesByIndex() {
        try (Arena arena = Arena.ofConfined()) {
            Tensor target = Tensor.allocate(arena, DataType.BF16, 3, 2, 5);
            counted().transpose(0, 1).copyTo(target);
            assertThat(target.get(2, 1, 3)).isEqualTo(123);
            assertThatIllegalArgumentException().isThrownBy(() -> counted().copyTo(target))
                    .withMessage("target: BF16[3, 2, 5], source is F32[2, 3, 5]");
        }
    }

    @Test
    void get_withoutAxes_isTheOnlyElement() {
        assertThat(Tensor.of(new float[] {4}).get()).isEqualTo(4);
    }

    @Test
    void get_afterTheArenaClosed_isAnIllegalState() {
        Tensor tensor;
        try (Arena arena = Arena.ofConfined()) {
            tensor = Tensor.allocate(arena, DataType.F32, 2);
        }
        assertThatThrownBy(() -> tensor.get(0)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void partOfLengthOne_isContiguousWhateverItsAxisStrides() {
        Tensor tensor = Tensor.of(new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 2, 3, 2);
        Tensor last = tensor.narrow(0, 1, 2).narrow(1, 2, 3);
        assertThat(last.isContiguous()).isTrue();
        assertThat(last.reshape(1, 2).toFloatArray()).containsExactly(11, 12);
        assertThat(tensor.narrow(1, 2, 3).isContiguous()).isFalse();
    }
}
