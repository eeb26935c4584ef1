package io.github.pastkv.kernels.vector;

import static io.github.pastkv.kernels.vector.Lanes.BYTES;
import static io.github.pastkv.kernels.vector.Lanes.COUNT;
import static io.github.pastkv.kernels.vector.Lanes.SHORTS;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** Rounds rows to BF16 as {@link DataType#BF16} does: to nearest, ties to even, a NaN stays a quiet one. */
final class VectorRounding {
    private VectorRounding() {}

    static void round(Tensor x, Tensor y, int width, int fromToken, int toToken) {
        for (int token = fromToken; token < toToken; token++) {
            long from = token * x.stride(0) * Float.BYTES;
            long to = token * y.stride(0) * y.dataType().bytes();
            if (y.dataType() == DataType.BF16) {
                narrowRow(x.segment(), from, y.segment(), to, width);
            } else {
                roundRow(x.segment(), from, y.segment(), to, width);
            }
        }
    }

    private static void roundRow(MemorySegment x, long from, MemorySegment y, long to, int width) {
        for (long offset = 0; offset < Lanes.wholeBytes(width); offset += BYTES) {
            bits(x, from + offset).and(0xFFFF_0000).intoMemorySegment(y, to + offset, LITTLE_ENDIAN);
        }
        for (long offset = Lanes.wholeBytes(width); offset < 4L * width; offset += Float.BYTES) {
            DataType.F32.write(y, to + offset, DataType.BF16.round(DataType.F32.read(x, from + offset)));
        }
    }

    private static void narrowRow(MemorySegment x, long from, MemorySegment y, long to, int width) {
        int whole = width / COUNT * COUNT;
        for (int i = 0; i < whole; i += COUNT) {
            ShortVector narrow = (ShortVector) bits(x, from + 4L * i).lanewise(VectorOperators.LSHR, 16)
                    .convertShape(VectorOperators.I2S, SHORTS, 0);
            narrow.intoMemorySegment(y, to + 2L * i, LITTLE_ENDIAN);
        }
        for (int i = whole; i < width; i++) {
            DataType.BF16.write(y, to + 2L * i, DataType.F32.read(x, from + 4L * i));
        }
    }

    /** The rounded numbers, in the upper halves. */
    private static IntVector bits(MemorySegment x, long byteOffset) {
        FloatVector numbers = Lanes.load(x, byteOffset);
        IntVector bits = numbers.reinterpretAsInts();
        IntVector rounded = bits.add(bits.lanewise(VectorOperators.LSHR, 16).and(1)).add(0x7FFF);
        VectorMask<Integer> isNan = numbers.test(VectorOperators.IS_NAN).cast(Lanes.INTS);
        return rounded.blend(bits.or(0x0040_0000), isNan);
    }
}
