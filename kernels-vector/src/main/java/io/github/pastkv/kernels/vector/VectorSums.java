package io.github.pastkv.kernels.vector;

import static io.github.pastkv.kernels.vector.Lanes.BYTES;
import static io.github.pastkv.kernels.vector.Lanes.FLOATS;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.FloatVector.zero;

import io.github.pastkv.kernels.ScalarMath;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * Sums over neighbouring floats in {@link ScalarMath#VIRTUAL_LANES} lanes and the fixed tree: one vector of 16, two of 8
 * or four of 4. Lanes past the end add +0, which changes no sum as sums begin at +0.
 */
final class VectorSums {
    private static final int LANES = ScalarMath.VIRTUAL_LANES;
    private static final int NUM_VECTORS = LANES / Lanes.COUNT;

    private VectorSums() {}

    /** Sum of {@code count} floats. */
    static float sum(MemorySegment segment, long byteOffset, int count) {
        FloatVector sum0 = zero(FLOATS);
        FloatVector sum1 = zero(FLOATS);
        FloatVector sum2 = zero(FLOATS);
        FloatVector sum3 = zero(FLOATS);
        int i = 0;
        for (; i + LANES <= count; i += LANES) {
            long offset = byteOffset + 4L * i;
            sum0 = sum0.add(fromMemorySegment(FLOATS, segment, offset, LITTLE_ENDIAN));
            if (NUM_VECTORS > 1) {
                sum1 = sum1.add(fromMemorySegment(FLOATS, segment, offset + BYTES, LITTLE_ENDIAN));
            }
            if (NUM_VECTORS > 2) {
                sum2 = sum2.add(fromMemorySegment(FLOATS, segment, offset + 2 * BYTES, LITTLE_ENDIAN));
                sum3 = sum3.add(fromMemorySegment(FLOATS, segment, offset + 3 * BYTES, LITTLE_ENDIAN));
            }
        }
        if (i < count) {
            sum0 = sum0.add(tail(segment, byteOffset, i, count));
            sum1 = sum1.add(tail(segment, byteOffset, i + Lanes.COUNT, count));
            sum2 = sum2.add(tail(segment, byteOffset, i + 2 * Lanes.COUNT, count));
            sum3 = sum3.add(tail(segment, byteOffset, i + 3 * Lanes.COUNT, count));
        }
        return Lanes.fold(sum0, sum1, sum2, sum3);
    }

    private static FloatVector tail(MemorySegment segment, long byteOffset, int i, int count) {
        return fromMemorySegment(FLOATS, segment, byteOffset + 4L * i, LITTLE_ENDIAN, Lanes.first(count - i));
    }

    /** Sum of (x - mean)^2 over {@code count} floats x. */
    static float squares(MemorySegment segment, long byteOffset, int count, float mean) {
        FloatVector sum0 = zero(FLOATS);
        FloatVector sum1 = zero(FLOATS);
        FloatVector sum2 = zero(FLOATS);
        FloatVector sum3 = zero(FLOATS);
        int i = 0;
        for (; i + LANES <= count; i += LANES) {
            long offset = byteOffset + 4L * i;
            sum0 = addSquare(sum0, fromMemorySegment(FLOATS, segment, offset, LITTLE_ENDIAN).sub(mean));
            if (NUM_VECTORS > 1) {
                sum1 = addSquare(sum1, fromMemorySegment(FLOATS, segment, offset + BYTES, LITTLE_ENDIAN).sub(mean));
            }
            if (NUM_VECTORS > 2) {
                sum2 = addSquare(sum2, fromMemorySegment(FLOATS, segment, offset + 2 * BYTES, LITTLE_ENDIAN).sub(mean));
                sum3 = addSquare(sum3, fromMemorySegment(FLOATS, segment, offset + 3 * BYTES, LITTLE_ENDIAN).sub(mean));
            }
        }
        if (i < count) {
            sum0 = addSquare(sum0, tailDifference(segment, byteOffset, i, count, mean));
            sum1 = addSquare(sum1, tailDifference(segment, byteOffset, i + Lanes.COUNT, count, mean));
            sum2 = addSquare(sum2, tailDifference(segment, byteOffset, i + 2 * Lanes.COUNT, count, mean));
            sum3 = addSquare(sum3, tailDifference(segment, byteOffset, i + 3 * Lanes.COUNT, count, mean));
        }
        return Lanes.fold(sum0, sum1, sum2, sum3);
    }

    private static FloatVector addSquare(FloatVector sum, FloatVector difference) {
        return difference.fma(difference, sum);
    }

    /** x - mean, 0 past the end. */
    private static FloatVector tailDifference(MemorySegment segment, long byteOffset, int i, int count, float mean) {
        VectorMask<Float> mask = Lanes.first(count - i);
        return zero(FLOATS)
                .blend(fromMemorySegment(FLOATS, segment, byteOffset + 4L * i, LITTLE_ENDIAN, mask).sub(mean), mask);
    }
}
