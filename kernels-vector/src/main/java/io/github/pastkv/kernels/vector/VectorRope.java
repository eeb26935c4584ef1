package io.github.pastkv.kernels.vector;

import static io.github.pastkv.kernels.vector.Lanes.BYTES;
import static io.github.pastkv.kernels.vector.Lanes.load;
import static io.github.pastkv.kernels.vector.Lanes.store;

import io.github.pastkv.kernels.RopeTable;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/** RoPE: whole vectors of pairs first, then the remaining pairs one by one. */
final class VectorRope {
    private VectorRope() {}

    static void applyRope(Tensor x, int numHeads, int headDim, RopeTable table, int[] positions, int fromToken,
            int toToken) {
        int half = table.rotaryDim() / 2;
        for (int token = fromToken; token < toToken; token++) {
            MemorySegment row = table.segment(positions[token]);
            long cosines = table.cosByteOffset(positions[token]);
            for (int head = 0; head < numHeads; head++) {
                long start = VectorElementwise.rowByteOffset(x, token) + 4L * head * headDim;
                if (table.pairDistance() == half) {
                    rotateVectors(x.segment(), start, row, cosines, half);
                    rotateTail(x.segment(), start, row, cosines, half);
                } else {
                    rotateNeighbors(x.segment(), start, row, cosines, half);
                    rotateNeighborsTail(x.segment(), start, row, cosines, half);
                }
            }
        }
    }

    private static void rotateVectors(MemorySegment x, long start, MemorySegment table, long cosines, int half) {
        long toSecond = 4L * half;
        for (long offset = 0; offset < Lanes.wholeBytes(half); offset += BYTES) {
            FloatVector cos = load(table, cosines + offset);
            FloatVector sin = load(table, cosines + toSecond + offset);
            FloatVector first = load(x, start + offset);
            FloatVector second = load(x, start + toSecond + offset);
            store(first.fma(cos, second.mul(sin).neg()), x, start + offset);
            store(second.fma(cos, first.mul(sin)), x, start + toSecond + offset);
        }
    }

    private static void rotateTail(MemorySegment x, long start, MemorySegment table, long cosines, int half) {
        long toSecond = 4L * half;
        for (long offset = Lanes.wholeBytes(half); offset < 4L * half; offset += Float.BYTES) {
            float cos = DataType.F32.read(table, cosines + offset);
            float sin = DataType.F32.read(table, cosines + toSecond + offset);
            float first = DataType.F32.read(x, start + offset);
            float second = DataType.F32.read(x, start + toSecond + offset);
            DataType.F32.write(x, start + offset, Math.fma(first, cos, -(second * sin)));
            DataType.F32.write(x, start + toSecond + offset, Math.fma(second, cos, first * sin));
        }
    }

    /** Interleaved pairs, 2i and 2i + 1: as many pairs as a vector has lanes at a time, parted and joined again. */
    private static void rotateNeighbors(MemorySegment x, long start, MemorySegment table, long cosines, int half) {
        long toSines = 4L * half;
        for (long offset = 0; offset < Lanes.wholeBytes(half); offset += BYTES) {
            FloatVector cos = load(table, cosines + offset);
            FloatVector sin = load(table, cosines + toSines + offset);
            FloatVector low = load(x, start + 2 * offset);
            FloatVector high = load(x, start + 2 * offset + BYTES);
            FloatVector first = Lanes.evens(low, high);
            FloatVector second = Lanes.odds(low, high);
            FloatVector newFirst = first.fma(cos, second.mul(sin).neg());
            FloatVector newSecond = second.fma(cos, first.mul(sin));
            store(Lanes.zipLow(newFirst, newSecond), x, start + 2 * offset);
            store(Lanes.zipHigh(newFirst, newSecond), x, start + 2 * offset + BYTES);
        }
    }

    private static void rotateNeighborsTail(MemorySegment x, long start, MemorySegment table, long cosines, int half) {
        for (int pair = Lanes.FLOATS.loopBound(half); pair < half; pair++) {
            float cos = DataType.F32.read(table, cosines + 4L * pair);
            float sin = DataType.F32.read(table, cosines + 4L * (half + pair));
            long offset = start + 8L * pair;
            float first = DataType.F32.read(x, offset);
            float second = DataType.F32.read(x, offset + Float.BYTES);
            DataType.F32.write(x, offset, Math.fma(first, cos, -(second * sin)));
            DataType.F32.write(x, offset + Float.BYTES, Math.fma(second, cos, first * sin));
        }
    }
}
