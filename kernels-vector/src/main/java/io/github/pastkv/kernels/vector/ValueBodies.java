package io.github.pastkv.kernels.vector;

import static io.github.pastkv.kernels.vector.Lanes.BYTES;
import static io.github.pastkv.kernels.vector.Lanes.COUNT;
import static io.github.pastkv.kernels.vector.Lanes.FLOATS;
import static io.github.pastkv.kernels.vector.Lanes.INT;
import static io.github.pastkv.kernels.vector.Lanes.INTS;
import static io.github.pastkv.kernels.vector.VectorValues.sumByteOffset;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.IntVector.broadcast;
import static jdk.incubator.vector.VectorOperators.LSHL;

import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.Q8Codec;
import io.github.pastkv.kernels.AttentionTile;
import io.github.pastkv.tensor.DataType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * The inner loops of {@link VectorValues}: positions {@code [from, to)} of one group, which lie in order from
 * {@code start} on, are added to the sums of tile rows {@code [row, row + 4)} for the dimensions from {@code dim} on;
 * {@code lastRow} stands for rows past it. For the form of the code see {@link VectorLinear}.
 */
final class ValueBodies {
    private ValueBodies() {}

    static void fourVectorsF32(AttentionTile tile, int row, int lastRow, MemorySegment values, long start,
            int from, int to, int dim) {
        MemorySegment sums = tile.scratch();
        MemorySegment pattern = tile.scores();
        long sums0 = sumByteOffset(tile, row) + 4L * dim;
        long sums1 = sumByteOffset(tile, Math.min(row + 1, lastRow)) + 4L * dim;
        long sums2 = sumByteOffset(tile, Math.min(row + 2, lastRow)) + 4L * dim;
        long sums3 = sumByteOffset(tile, Math.min(row + 3, lastRow)) + 4L * dim;
        long weights0 = tile.scoreByteOffset(row);
        long weights1 = tile.scoreByteOffset(Math.min(row + 1, lastRow));
        long weights2 = tile.scoreByteOffset(Math.min(row + 2, lastRow));
        long weights3 = tile.scoreByteOffset(Math.min(row + 3, lastRow));
        long stride = 4L * tile.headDim();
        FloatVector sum0a = fromMemorySegment(FLOATS, sums, sums0, LITTLE_ENDIAN);
        FloatVector sum0b = fromMemorySegment(FLOATS, sums, sums0 + BYTES, LITTLE_ENDIAN);
        FloatVector sum0c = fromMemorySegment(FLOATS, sums, sums0 + 2 * BYTES, LITTLE_ENDIAN);
        FloatVector sum0d = fromMemorySegment(FLOATS, sums, sums0 + 3 * BYTES, LITTLE_ENDIAN);
        FloatVector sum1a = fromMemorySegment(FLOATS, sums, sums1, LITTLE_ENDIAN);
        FloatVector sum1b = fromMemorySegment(FLOATS, sums, sums1 + BYTES, LITTLE_ENDIAN);
        FloatVector sum1c = fromMemorySegment(FLOATS, sums, sums1 + 2 * BYTES, LITTLE_ENDIAN);
        FloatVector sum1d = fromMemorySegment(FLOATS, sums, sums1 + 3 * BYTES, LITTLE_ENDIAN);
        FloatVector sum2a = fromMemorySegment(FLOATS, sums, sums2, LITTLE_ENDIAN);
        FloatVector sum2b = fromMemorySegment(FLOATS, sums, sums2 + BYTES, LITTLE_ENDIAN);
        FloatVector sum2c = fromMemorySegment(FLOATS, sums, sums2 + 2 * BYTES, LITTLE_ENDIAN);
        FloatVector sum2d = fromMemorySegment(FLOATS, sums, sums2 + 3 * BYTES, LITTLE_ENDIAN);
        FloatVector sum3a = fromMemorySegment(FLOATS, sums, sums3, LITTLE_ENDIAN);
        FloatVector sum3b = fromMemorySegment(FLOATS, sums, sums3 + BYTES, LITTLE_ENDIAN);
        FloatVector sum3c = fromMemorySegment(FLOATS, sums, sums3 + 2 * BYTES, LITTLE_ENDIAN);
        FloatVector sum3d = fromMemorySegment(FLOATS, sums, sums3 + 3 * BYTES, LITTLE_ENDIAN);
        for (int position = from; position < to; position++) {
            long offset = start + (position - from) * stride;
            FloatVector a = fromMemorySegment(FLOATS, values, offset, LITTLE_ENDIAN);
            FloatVector b = fromMemorySegment(FLOATS, values, offset + BYTES, LITTLE_ENDIAN);
            FloatVector c = fromMemorySegment(FLOATS, values, offset + 2 * BYTES, LITTLE_ENDIAN);
            FloatVector d = fromMemorySegment(FLOATS, values, offset + 3 * BYTES, LITTLE_ENDIAN);
            FloatVector weight0 = broadcast(INTS, pattern.get(INT, weights0 + 4L * position)).reinterpretAsFloats();
            sum0a = a.fma(weight0, sum0a);
            sum0b = b.fma(weight0, sum0b);
            sum0c = c.fma(weight0, sum0c);
            sum0d = d.fma(weight0, sum0d);
            FloatVector weight1 = broadcast(INTS, pattern.get(INT, weights1 + 4L * position)).reinterpretAsFloats();
            sum1a = a.fma(weight1, sum1a);
            sum1b = b.fma(weight1, sum1b);
            sum1c = c.fma(weight1, sum1c);
            sum1d = d.fma(weight1, sum1d);
            FloatVector weight2 = broadcast(INTS, pattern.get(INT, weights2 + 4L * position)).reinterpretAsFloats();
            sum2a = a.fma(weight2, sum2a);
            sum2b = b.fma(weight2, sum2b);
            sum2c = c.fma(weight2, sum2c);
            sum2d = d.fma(weight2, sum2d);
            FloatVector weight3 = broadcast(INTS, pattern.get(INT, weights3 + 4L * position)).reinterpretAsFloats();
            sum3a = a.fma(weight3, sum3a);
            sum3b = b.fma(weight3, sum3b);
            sum3c = c.fma(weight3, sum3c);
            sum3d = d.fma(weight3, sum3d);
        }
        sum0a.intoMemorySegment(sums, sums0, LITTLE_ENDIAN);
        sum0b.intoMemorySegment(sums, sums0 + BYTES, LITTLE_ENDIAN);
        sum0c.intoMemorySegment(sums, sums0 + 2 * BYTES, LITTLE_ENDIAN);
        sum0d.intoMemorySegment(sums, sums0 + 3 * BYTES, LITTLE_ENDIAN);
        sum1a.intoMemorySegment(sums, sums1, LITTLE_ENDIAN);
        sum1b.intoMemorySegment(sums, sums1 + BYTES, LITTLE_ENDIAN);
        sum1c.intoMemorySegment(sums, sums1 + 2 * BYTES, LITTLE_ENDIAN);
        sum1d.intoMemorySegment(sums, sums1 + 3 * BYTES, LITTLE_ENDIAN);
        sum2a.intoMemorySegment(sums, sums2, LITTLE_ENDIAN);
        sum2b.intoMemorySegment(sums, sums2 + BYTES, LITTLE_ENDIAN);
        sum2c.intoMemorySegment(sums, sums2 + 2 * BYTES, LITTLE_ENDIAN);
        sum2d.intoMemorySegment(sums, sums2 + 3 * BYTES, LITTLE_ENDIAN);
        sum3a.intoMemorySegment(sums, sums3, LITTLE_ENDIAN);
        sum3b.intoMemorySegment(sums, sums3 + BYTES, LITTLE_ENDIAN);
        sum3c.intoMemorySegment(sums, sums3 + 2 * BYTES, LITTLE_ENDIAN);
        sum3d.intoMemorySegment(sums, sums3 + 3 * BYTES, LITTLE_ENDIAN);
    }

    static void oneVectorF32(AttentionTile tile, int row, int lastRow, MemorySegment values, long start,
            int from, int to, int dim) {
        MemorySegment sums = tile.scratch();
        MemorySegment pattern = tile.scores();
        long sums0 = sumByteOffset(tile, row) + 4L * dim;
        long sums1 = sumByteOffset(tile, Math.min(row + 1, lastRow)) + 4L * dim;
        long sums2 = sumByteOffset(tile, Math.min(row + 2, lastRow)) + 4L * dim;
        long sums3 = sumByteOffset(tile, Math.min(row + 3, lastRow)) + 4L * dim;
        long weights0 = tile.scoreByteOffset(row);
        long weights1 = tile.scoreByteOffset(Math.min(row + 1, lastRow));
        long weights2 = tile.scoreByteOffset(Math.min(row + 2, lastRow));
        long weights3 = tile.scoreByteOffset(Math.min(row + 3, lastRow));
        long stride = 4L * tile.headDim();
        FloatVector sum0 = fromMemorySegment(FLOATS, sums, sums0, LITTLE_ENDIAN);
        FloatVector sum1 = fromMemorySegment(FLOATS, sums, sums1, LITTLE_ENDIAN);
        FloatVector sum2 = fromMemorySegment(FLOATS, sums, sums2, LITTLE_ENDIAN);
        FloatVector sum3 = fromMemorySegment(FLOATS, sums, sums3, LITTLE_ENDIAN);
        for (int position = from; position < to; position++) {
            FloatVector value = fromMemorySegment(FLOATS, values, start + (position - from) * stride, LITTLE_ENDIAN);
            sum0 = broadcast(INTS, pattern.get(INT, weights0 + 4L * position)).reinterpretAsFloats().fma(value, sum0);
            sum1 = broadcast(INTS, pattern.get(INT, weights1 + 4L * position)).reinterpretAsFloats().fma(value, sum1);
            sum2 = broadcast(INTS, pattern.get(INT, weights2 + 4L * position)).reinterpretAsFloats().fma(value, sum2);
            sum3 = broadcast(INTS, pattern.get(INT, weights3 + 4L * position)).reinterpretAsFloats().fma(value, sum3);
        }
        sum0.intoMemorySegment(sums, sums0, LITTLE_ENDIAN);
        sum1.intoMemorySegment(sums, sums1, LITTLE_ENDIAN);
        sum2.intoMemorySegment(sums, sums2, LITTLE_ENDIAN);
        sum3.intoMemorySegment(sums, sums3, LITTLE_ENDIAN);
    }

    static void fourVectorsBf16(AttentionTile tile, int row, int lastRow, MemorySegment values, long start,
            int from, int to, int dim) {
        MemorySegment sums = tile.scratch();
        MemorySegment pattern = tile.scores();
        long sums0 = sumByteOffset(tile, row) + 4L * dim;
        long sums1 = sumByteOffset(tile, Math.min(row + 1, lastRow)) + 4L * dim;
        long sums2 = sumByteOffset(tile, Math.min(row + 2, lastRow)) + 4L * dim;
        long sums3 = sumByteOffset(tile, Math.min(row + 3, lastRow)) + 4L * dim;
        long weights0 = tile.scoreByteOffset(row);
        long weights1 = tile.scoreByteOffset(Math.min(row + 1, lastRow));
        long weights2 = tile.scoreByteOffset(Math.min(row + 2, lastRow));
        long weights3 = tile.scoreByteOffset(Math.min(row + 3, lastRow));
        long stride = 2L * tile.headDim();
        FloatVector sum0a = fromMemorySegment(FLOATS, sums, sums0, LITTLE_ENDIAN);
        FloatVector sum0b = fromMemorySegment(FLOATS, sums, sums0 + BYTES, LITTLE_ENDIAN);
        FloatVector sum0c = fromMemorySegment(FLOATS, sums, sums0 + 2 * BYTES, LITTLE_ENDIAN);
        FloatVector sum0d = fromMemorySegment(FLOATS, sums, sums0 + 3 * BYTES, LITTLE_ENDIAN);
        FloatVector sum1a = fromMemorySegment(FLOATS, sums, sums1, LITTLE_ENDIAN);
        FloatVector sum1b = fromMemorySegment(FLOATS, sums, sums1 + BYTES, LITTLE_ENDIAN);
        FloatVector sum1c = fromMemorySegment(FLOATS, sums, sums1 + 2 * BYTES, LITTLE_ENDIAN);
        FloatVector sum1d = fromMemorySegment(FLOATS, sums, sums1 + 3 * BYTES, LITTLE_ENDIAN);
        FloatVector sum2a = fromMemorySegment(FLOATS, sums, sums2, LITTLE_ENDIAN);
        FloatVector sum2b = fromMemorySegment(FLOATS, sums, sums2 + BYTES, LITTLE_ENDIAN);
        FloatVector sum2c = fromMemorySegment(FLOATS, sums, sums2 + 2 * BYTES, LITTLE_ENDIAN);
        FloatVector sum2d = fromMemorySegment(FLOATS, sums, sums2 + 3 * BYTES, LITTLE_ENDIAN);
        FloatVector sum3a = fromMemorySegment(FLOATS, sums, sums3, LITTLE_ENDIAN);
        FloatVector sum3b = fromMemorySegment(FLOATS, sums, sums3 + BYTES, LITTLE_ENDIAN);
        FloatVector sum3c = fromMemorySegment(FLOATS, sums, sums3 + 2 * BYTES, LITTLE_ENDIAN);
        FloatVector sum3d = fromMemorySegment(FLOATS, sums, sums3 + 3 * BYTES, LITTLE_ENDIAN);
        for (int position = from; position < to; position++) {
            long offset = start + (position - from) * stride;
            IntVector pairs = IntVector.fromMemorySegment(INTS, values, offset, LITTLE_ENDIAN);
            IntVector morePairs = IntVector.fromMemorySegment(INTS, values, offset + BYTES, LITTLE_ENDIAN);
            FloatVector a = pairs.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector b = pairs.and(0xFFFF_0000).reinterpretAsFloats();
            FloatVector c = morePairs.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector d = morePairs.and(0xFFFF_0000).reinterpretAsFloats();
            FloatVector weight0 = broadcast(INTS, pattern.get(INT, weights0 + 4L * position)).reinterpretAsFloats();
            sum0a = a.fma(weight0, sum0a);
            sum0b = b.fma(weight0, sum0b);
            sum0c = c.fma(weight0, sum0c);
            sum0d = d.fma(weight0, sum0d);
            FloatVector weight1 = broadcast(INTS, pattern.get(INT, weights1 + 4L * position)).reinterpretAsFloats();
            sum1a = a.fma(weight1, sum1a);
            sum1b = b.fma(weight1, sum1b);
            sum1c = c.fma(weight1, sum1c);
            sum1d = d.fma(weight1, sum1d);
            FloatVector weight2 = broadcast(INTS, pattern.get(INT, weights2 + 4L * position)).reinterpretAsFloats();
            sum2a = a.fma(weight2, sum2a);
            sum2b = b.fma(weight2, sum2b);
            sum2c = c.fma(weight2, sum2c);
            sum2d = d.fma(weight2, sum2d);
            FloatVector weight3 = broadcast(INTS, pattern.get(INT, weights3 + 4L * position)).reinterpretAsFloats();
            sum3a = a.fma(weight3, sum3a);
            sum3b = b.fma(weight3, sum3b);
            sum3c = c.fma(weight3, sum3c);
            sum3d = d.fma(weight3, sum3d);
        }
        sum0a.intoMemorySegment(sums, sums0, LITTLE_ENDIAN);
        sum0b.intoMemorySegment(sums, sums0 + BYTES, LITTLE_ENDIAN);
        sum0c.intoMemorySegment(sums, sums0 + 2 * BYTES, LITTLE_ENDIAN);
        sum0d.intoMemorySegment(sums, sums0 + 3 * BYTES, LITTLE_ENDIAN);
        sum1a.intoMemorySegment(sums, sums1, LITTLE_ENDIAN);
        sum1b.intoMemorySegment(sums, sums1 + BYTES, LITTLE_ENDIAN);
        sum1c.intoMemorySegment(sums, sums1 + 2 * BYTES, LITTLE_ENDIAN);
        sum1d.intoMemorySegment(sums, sums1 + 3 * BYTES, LITTLE_ENDIAN);
        sum2a.intoMemorySegment(sums, sums2, LITTLE_ENDIAN);
        sum2b.intoMemorySegment(sums, sums2 + BYTES, LITTLE_ENDIAN);
        sum2c.intoMemorySegment(sums, sums2 + 2 * BYTES, LITTLE_ENDIAN);
        sum2d.intoMemorySegment(sums, sums2 + 3 * BYTES, LITTLE_ENDIAN);
        sum3a.intoMemorySegment(sums, sums3, LITTLE_ENDIAN);
        sum3b.intoMemorySegment(sums, sums3 + BYTES, LITTLE_ENDIAN);
        sum3c.intoMemorySegment(sums, sums3 + 2 * BYTES, LITTLE_ENDIAN);
        sum3d.intoMemorySegment(sums, sums3 + 3 * BYTES, LITTLE_ENDIAN);
    }

    static void oneVectorBf16(AttentionTile tile, int row, int lastRow, MemorySegment values, long start,
            int from, int to, int dim) {
        MemorySegment sums = tile.scratch();
        MemorySegment pattern = tile.scores();
        long sums0 = sumByteOffset(tile, row) + 4L * dim;
        long sums1 = sumByteOffset(tile, Math.min(row + 1, lastRow)) + 4L * dim;
        long sums2 = sumByteOffset(tile, Math.min(row + 2, lastRow)) + 4L * dim;
        long sums3 = sumByteOffset(tile, Math.min(row + 3, lastRow)) + 4L * dim;
        long weights0 = tile.scoreByteOffset(row);
        long weights1 = tile.scoreByteOffset(Math.min(row + 1, lastRow));
        long weights2 = tile.scoreByteOffset(Math.min(row + 2, lastRow));
        long weights3 = tile.scoreByteOffset(Math.min(row + 3, lastRow));
        long stride = 2L * tile.headDim();
        FloatVector sum0 = fromMemorySegment(FLOATS, sums, sums0, LITTLE_ENDIAN);
        FloatVector sum1 = fromMemorySegment(FLOATS, sums, sums1, LITTLE_ENDIAN);
        FloatVector sum2 = fromMemorySegment(FLOATS, sums, sums2, LITTLE_ENDIAN);
        FloatVector sum3 = fromMemorySegment(FLOATS, sums, sums3, LITTLE_ENDIAN);
        for (int position = from; position < to; position++) {
            FloatVector value = Lanes.loadBf16(values, start + (position - from) * stride);
            sum0 = broadcast(INTS, pattern.get(INT, weights0 + 4L * position)).reinterpretAsFloats().fma(value, sum0);
            sum1 = broadcast(INTS, pattern.get(INT, weights1 + 4L * position)).reinterpretAsFloats().fma(value, sum1);
            sum2 = broadcast(INTS, pattern.get(INT, weights2 + 4L * position)).reinterpretAsFloats().fma(value, sum2);
            sum3 = broadcast(INTS, pattern.get(INT, weights3 + 4L * position)).reinterpretAsFloats().fma(value, sum3);
        }
        sum0.intoMemorySegment(sums, sums0, LITTLE_ENDIAN);
        sum1.intoMemorySegment(sums, sums1, LITTLE_ENDIAN);
        sum2.intoMemorySegment(sums, sums2, LITTLE_ENDIAN);
        sum3.intoMemorySegment(sums, sums3, LITTLE_ENDIAN);
    }

    static void single(AttentionTile tile, int row, int lastRow, DataType dataType, MemorySegment values,
            long start, int from, int to, int dim) {
        long stride = (long) dataType.bytes() * tile.headDim();
        for (int r = row; r <= lastRow; r++) {
            long sumOffset = sumByteOffset(tile, r) + 4L * dim;
            float sum = DataType.F32.read(tile.scratch(), sumOffset);
            for (int position = from; position < to; position++) {
                float weight = DataType.F32.read(tile.scores(), tile.scoreByteOffset(r) + 4L * position);
                sum = Math.fma(weight, dataType.read(values, start + (position - from) * stride), sum);
            }
            DataType.F32.write(tile.scratch(), sumOffset, sum);
        }
    }

    static void fourVectorsQ8(AttentionTile tile, int row, int lastRow, MemorySegment values, long start,
            long scales, int from, int to, int dim) {
        MemorySegment sums = tile.scratch();
        MemorySegment pattern = tile.scores();
        long sums0 = sumByteOffset(tile, row) + 4L * dim;
        long sums1 = sumByteOffset(tile, Math.min(row + 1, lastRow)) + 4L * dim;
        long sums2 = sumByteOffset(tile, Math.min(row + 2, lastRow)) + 4L * dim;
        long sums3 = sumByteOffset(tile, Math.min(row + 3, lastRow)) + 4L * dim;
        long weights0 = tile.scoreByteOffset(row);
        long weights1 = tile.scoreByteOffset(Math.min(row + 1, lastRow));
        long weights2 = tile.scoreByteOffset(Math.min(row + 2, lastRow));
        long weights3 = tile.scoreByteOffset(Math.min(row + 3, lastRow));
        long scaleStride = (long) Q8Codec.SCALE_BYTES * KvType.Q8.numScales(tile.headDim());
        long scalesAb = scales + (long) Q8Codec.SCALE_BYTES * (dim / Q8Codec.Q8_GROUP_SIZE);
        long scalesCd = scales + (long) Q8Codec.SCALE_BYTES * ((dim + 2 * COUNT) / Q8Codec.Q8_GROUP_SIZE);
        FloatVector sum0a = fromMemorySegment(FLOATS, sums, sums0, LITTLE_ENDIAN);
        FloatVector sum0b = fromMemorySegment(FLOATS, sums, sums0 + BYTES, LITTLE_ENDIAN);
        FloatVector sum0c = fromMemorySegment(FLOATS, sums, sums0 + 2 * BYTES, LITTLE_ENDIAN);
        FloatVector sum0d = fromMemorySegment(FLOATS, sums, sums0 + 3 * BYTES, LITTLE_ENDIAN);
        FloatVector sum1a = fromMemorySegment(FLOATS, sums, sums1, LITTLE_ENDIAN);
        FloatVector sum1b = fromMemorySegment(FLOATS, sums, sums1 + BYTES, LITTLE_ENDIAN);
        FloatVector sum1c = fromMemorySegment(FLOATS, sums, sums1 + 2 * BYTES, LITTLE_ENDIAN);
        FloatVector sum1d = fromMemorySegment(FLOATS, sums, sums1 + 3 * BYTES, LITTLE_ENDIAN);
        FloatVector sum2a = fromMemorySegment(FLOATS, sums, sums2, LITTLE_ENDIAN);
        FloatVector sum2b = fromMemorySegment(FLOATS, sums, sums2 + BYTES, LITTLE_ENDIAN);
        FloatVector sum2c = fromMemorySegment(FLOATS, sums, sums2 + 2 * BYTES, LITTLE_ENDIAN);
        FloatVector sum2d = fromMemorySegment(FLOATS, sums, sums2 + 3 * BYTES, LITTLE_ENDIAN);
        FloatVector sum3a = fromMemorySegment(FLOATS, sums, sums3, LITTLE_ENDIAN);
        FloatVector sum3b = fromMemorySegment(FLOATS, sums, sums3 + BYTES, LITTLE_ENDIAN);
        FloatVector sum3c = fromMemorySegment(FLOATS, sums, sums3 + 2 * BYTES, LITTLE_ENDIAN);
        FloatVector sum3d = fromMemorySegment(FLOATS, sums, sums3 + 3 * BYTES, LITTLE_ENDIAN);
        for (int position = from; position < to; position++) {
            long offset = start + (long) (position - from) * tile.headDim() + dim;
            FloatVector scaleAb = Lanes.broadcastBf16(values, scalesAb + (position - from) * scaleStride);
            FloatVector scaleCd = Lanes.broadcastBf16(values, scalesCd + (position - from) * scaleStride);
            FloatVector a = Lanes.loadBytes(values, offset).mul(scaleAb);
            FloatVector b = Lanes.loadBytes(values, offset + COUNT).mul(scaleAb);
            FloatVector c = Lanes.loadBytes(values, offset + 2L * COUNT).mul(scaleCd);
            FloatVector d = Lanes.loadBytes(values, offset + 3L * COUNT).mul(scaleCd);
            FloatVector weight0 = broadcast(INTS, pattern.get(INT, weights0 + 4L * position)).reinterpretAsFloats();
            sum0a = a.fma(weight0, sum0a);
            sum0b = b.fma(weight0, sum0b);
            sum0c = c.fma(weight0, sum0c);
            sum0d = d.fma(weight0, sum0d);
            FloatVector weight1 = broadcast(INTS, pattern.get(INT, weights1 + 4L * position)).reinterpretAsFloats();
            sum1a = a.fma(weight1, sum1a);
            sum1b = b.fma(weight1, sum1b);
            sum1c = c.fma(weight1, sum1c);
            sum1d = d.fma(weight1, sum1d);
            FloatVector weight2 = broadcast(INTS, pattern.get(INT, weights2 + 4L * position)).reinterpretAsFloats();
            sum2a = a.fma(weight2, sum2a);
            sum2b = b.fma(weight2, sum2b);
            sum2c = c.fma(weight2, sum2c);
            sum2d = d.fma(weight2, sum2d);
            FloatVector weight3 = broadcast(INTS, pattern.get(INT, weights3 + 4L * position)).reinterpretAsFloats();
            sum3a = a.fma(weight3, sum3a);
            sum3b = b.fma(weight3, sum3b);
            sum3c = c.fma(weight3, sum3c);
            sum3d = d.fma(weight3, sum3d);
        }
        sum0a.intoMemorySegment(sums, sums0, LITTLE_ENDIAN);
        sum0b.intoMemorySegment(sums, sums0 + BYTES, LITTLE_ENDIAN);
        sum0c.intoMemorySegment(sums, sums0 + 2 * BYTES, LITTLE_ENDIAN);
        sum0d.intoMemorySegment(sums, sums0 + 3 * BYTES, LITTLE_ENDIAN);
        sum1a.intoMemorySegment(sums, sums1, LITTLE_ENDIAN);
        sum1b.intoMemorySegment(sums, sums1 + BYTES, LITTLE_ENDIAN);
        sum1c.intoMemorySegment(sums, sums1 + 2 * BYTES, LITTLE_ENDIAN);
        sum1d.intoMemorySegment(sums, sums1 + 3 * BYTES, LITTLE_ENDIAN);
        sum2a.intoMemorySegment(sums, sums2, LITTLE_ENDIAN);
        sum2b.intoMemorySegment(sums, sums2 + BYTES, LITTLE_ENDIAN);
        sum2c.intoMemorySegment(sums, sums2 + 2 * BYTES, LITTLE_ENDIAN);
        sum2d.intoMemorySegment(sums, sums2 + 3 * BYTES, LITTLE_ENDIAN);
        sum3a.intoMemorySegment(sums, sums3, LITTLE_ENDIAN);
        sum3b.intoMemorySegment(sums, sums3 + BYTES, LITTLE_ENDIAN);
        sum3c.intoMemorySegment(sums, sums3 + 2 * BYTES, LITTLE_ENDIAN);
        sum3d.intoMemorySegment(sums, sums3 + 3 * BYTES, LITTLE_ENDIAN);
    }

    static void oneVectorQ8(AttentionTile tile, int row, int lastRow, MemorySegment values, long start,
            long scales, int from, int to, int dim) {
        MemorySegment sums = tile.scratch();
        MemorySegment pattern = tile.scores();
        long sums0 = sumByteOffset(tile, row) + 4L * dim;
        long sums1 = sumByteOffset(tile, Math.min(row + 1, lastRow)) + 4L * dim;
        long sums2 = sumByteOffset(tile, Math.min(row + 2, lastRow)) + 4L * dim;
        long sums3 = sumByteOffset(tile, Math.min(row + 3, lastRow)) + 4L * dim;
        long weights0 = tile.scoreByteOffset(row);
        long weights1 = tile.scoreByteOffset(Math.min(row + 1, lastRow));
        long weights2 = tile.scoreByteOffset(Math.min(row + 2, lastRow));
        long weights3 = tile.scoreByteOffset(Math.min(row + 3, lastRow));
        long scaleStride = (long) Q8Codec.SCALE_BYTES * KvType.Q8.numScales(tile.headDim());
        long scale = scales + (long) Q8Codec.SCALE_BYTES * (dim / Q8Codec.Q8_GROUP_SIZE);
        FloatVector sum0 = fromMemorySegment(FLOATS, sums, sums0, LITTLE_ENDIAN);
        FloatVector sum1 = fromMemorySegment(FLOATS, sums, sums1, LITTLE_ENDIAN);
        FloatVector sum2 = fromMemorySegment(FLOATS, sums, sums2, LITTLE_ENDIAN);
        FloatVector sum3 = fromMemorySegment(FLOATS, sums, sums3, LITTLE_ENDIAN);
        for (int position = from; position < to; position++) {
            FloatVector value = Lanes.loadBytes(values, start + (long) (position - from) * tile.headDim() + dim)
                    .mul(Lanes.broadcastBf16(values, scale + (position - from) * scaleStride));
            sum0 = broadcast(INTS, pattern.get(INT, weights0 + 4L * position)).reinterpretAsFloats().fma(value, sum0);
            sum1 = broadcast(INTS, pattern.get(INT, weights1 + 4L * position)).reinterpretAsFloats().fma(value, sum1);
            sum2 = broadcast(INTS, pattern.get(INT, weights2 + 4L * position)).reinterpretAsFloats().fma(value, sum2);
            sum3 = broadcast(INTS, pattern.get(INT, weights3 + 4L * position)).reinterpretAsFloats().fma(value, sum3);
        }
        sum0.intoMemorySegment(sums, sums0, LITTLE_ENDIAN);
        sum1.intoMemorySegment(sums, sums1, LITTLE_ENDIAN);
        sum2.intoMemorySegment(sums, sums2, LITTLE_ENDIAN);
        sum3.intoMemorySegment(sums, sums3, LITTLE_ENDIAN);
    }

    static void singleQ8(AttentionTile tile, int row, int lastRow, MemorySegment values, long start, long scales,
            int from, int to, int dim) {
        long scaleStride = (long) Q8Codec.SCALE_BYTES * KvType.Q8.numScales(tile.headDim());
        long scale = scales + (long) Q8Codec.SCALE_BYTES * (dim / Q8Codec.Q8_GROUP_SIZE);
        for (int r = row; r <= lastRow; r++) {
            long sumOffset = sumByteOffset(tile, r) + 4L * dim;
            float sum = DataType.F32.read(tile.scratch(), sumOffset);
            for (int position = from; position < to; position++) {
                float weight = DataType.F32.read(tile.scores(), tile.scoreByteOffset(r) + 4L * position);
                float value = Q8Codec.read(values, start + (long) (position - from) * tile.headDim() + dim,
                        scale + (position - from) * scaleStride);
                sum = Math.fma(weight, value, sum);
            }
            DataType.F32.write(tile.scratch(), sumOffset, sum);
        }
    }
}
