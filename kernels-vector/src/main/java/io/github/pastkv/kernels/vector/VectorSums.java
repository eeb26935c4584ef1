package io.github.pastkv.kernels.vector;

import static io.github.pastkv.kernels.vector.Lanes.BYTES;
import static io.github.pastkv.kernels.vector.Lanes.FLOATS;
import static io.github.pastkv.kernels.vector.Lanes.load;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.FloatVector.zero;

import io.github.pastkv.kernels.LaneSum;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/**
 * Sums over neighboring floats in {@link LaneSum#NUM_LANES} lanes and the tree of {@link LaneSum#of}:
 * one vector of 16, two of 8 or four of 4, folded in halves. Lanes past the end add +0, which changes no sum as sums
 * begin at +0. For the form of the code see {@link VectorLinear}.
 */
final class VectorSums {
    private static final int LANES = LaneSum.NUM_LANES;
    private static final int NUM_VECTORS = LANES / Lanes.COUNT;

    // Lane i takes lane i + 8, then 4, 2, 1.
    private static final VectorShuffle<Float> BY_8 = VectorShuffle.fromOp(FLOATS, lane -> (lane + 8) % Lanes.COUNT);
    private static final VectorShuffle<Float> BY_4 = VectorShuffle.fromOp(FLOATS, lane -> (lane + 4) % Lanes.COUNT);
    private static final VectorShuffle<Float> BY_2 = VectorShuffle.fromOp(FLOATS, lane -> (lane + 2) % Lanes.COUNT);
    private static final VectorShuffle<Float> BY_1 = VectorShuffle.fromOp(FLOATS, lane -> (lane + 1) % Lanes.COUNT);

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
            sum0 = sum0.add(load(segment, offset));
            if (NUM_VECTORS > 1) {
                sum1 = sum1.add(load(segment, offset + BYTES));
            }
            if (NUM_VECTORS > 2) {
                sum2 = sum2.add(load(segment, offset + 2 * BYTES));
                sum3 = sum3.add(load(segment, offset + 3 * BYTES));
            }
        }
        if (i < count) {
            sum0 = sum0.add(tail(segment, byteOffset, i, count));
            sum1 = sum1.add(tail(segment, byteOffset, i + Lanes.COUNT, count));
            sum2 = sum2.add(tail(segment, byteOffset, i + 2 * Lanes.COUNT, count));
            sum3 = sum3.add(tail(segment, byteOffset, i + 3 * Lanes.COUNT, count));
        }
        FloatVector sums = switch (NUM_VECTORS) {
            case 1 -> sum0;
            case 2 -> sum0.add(sum1);
            default -> sum0.add(sum2).add(sum1.add(sum3));
        };
        sums = Lanes.COUNT > 8 ? sums.add(sums.rearrange(BY_8)) : sums;
        sums = Lanes.COUNT > 4 ? sums.add(sums.rearrange(BY_4)) : sums;
        sums = sums.add(sums.rearrange(BY_2));
        return sums.add(sums.rearrange(BY_1)).lane(0);
    }

    /** Numbers {@code [i, count)}, +0 past the end. */
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
            FloatVector difference = load(segment, offset).sub(mean);
            sum0 = difference.fma(difference, sum0);
            if (NUM_VECTORS > 1) {
                difference = load(segment, offset + BYTES).sub(mean);
                sum1 = difference.fma(difference, sum1);
            }
            if (NUM_VECTORS > 2) {
                difference = load(segment, offset + 2 * BYTES).sub(mean);
                sum2 = difference.fma(difference, sum2);
                difference = load(segment, offset + 3 * BYTES).sub(mean);
                sum3 = difference.fma(difference, sum3);
            }
        }
        if (i < count) {
            sum0 = addTail(sum0, segment, byteOffset, i, count, mean);
            sum1 = addTail(sum1, segment, byteOffset, i + Lanes.COUNT, count, mean);
            sum2 = addTail(sum2, segment, byteOffset, i + 2 * Lanes.COUNT, count, mean);
            sum3 = addTail(sum3, segment, byteOffset, i + 3 * Lanes.COUNT, count, mean);
        }
        FloatVector sums = switch (NUM_VECTORS) {
            case 1 -> sum0;
            case 2 -> sum0.add(sum1);
            default -> sum0.add(sum2).add(sum1.add(sum3));
        };
        sums = Lanes.COUNT > 8 ? sums.add(sums.rearrange(BY_8)) : sums;
        sums = Lanes.COUNT > 4 ? sums.add(sums.rearrange(BY_4)) : sums;
        sums = sums.add(sums.rearrange(BY_2));
        return sums.add(sums.rearrange(BY_1)).lane(0);
    }

    /** Adds the squares of numbers {@code [i, count)}, +0 past the end. */
    private static FloatVector addTail(FloatVector sum, MemorySegment segment, long byteOffset, int i, int count,
            float mean) {
        VectorMask<Float> mask = Lanes.first(count - i);
        FloatVector x = fromMemorySegment(FLOATS, segment, byteOffset + 4L * i, LITTLE_ENDIAN, mask);
        FloatVector difference = zero(FLOATS).blend(x.sub(mean), mask);
        return difference.fma(difference, sum);
    }
}
