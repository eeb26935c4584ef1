package io.github.pastkv.kernels.vector;

import static io.github.pastkv.kernels.vector.Lanes.BYTES;
import static io.github.pastkv.kernels.vector.Lanes.COUNT;
import static io.github.pastkv.kernels.vector.Lanes.FLOATS;
import static io.github.pastkv.kernels.vector.Lanes.INT;
import static io.github.pastkv.kernels.vector.Lanes.INTS;
import static io.github.pastkv.kernels.vector.TileForm.LANE_TILE;
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
 * The inner loops of {@code VectorValues}: adds positions {@code [from, to)} of one lane tile, whose values lie in
 * order from {@code start} on, to the sums of tile rows {@code [row, row + 4)}; {@code lastRow} stands in for rows
 * past it. Dimensions go four vectors at a time, or two where there are 16 registers, then one, then singly. For the
 * form of the code see {@link LinearBodies}.
 */
final class ValueBodies {
    /** Vectors of the widest body: two at 256 bits, as x86 has 16 registers there; sums of four rows fill them. */
    static final int VECTORS = COUNT == 8 ? 2 : 4;
    /** Dimensions of the widest body. */
    static final int WIDE = VECTORS * COUNT;

    private ValueBodies() {}

    /** Adds all dimensions; values of another form are staged as F32. */
    static void sum(AttentionTile tile, TileForm form, int row, int lastRow, MemorySegment values, long start,
            int from, int to) {
        switch (form) {
%for T in BF16 Q8
            case ${T}_IN_PLACE -> sum${T.name}(tile, row, lastRow, values, start, from, to);
%end
            default -> sumF32(tile, row, lastRow, values, start, from, to);
        }
    }
%def offsets
long sums0 = TileOffsets.sums(tile, row) + 4L * dim;
%for r in 1 2 3
long sums${r} = TileOffsets.sums(tile, Math.min(row + ${r}, lastRow)) + 4L * dim;
%end
long weights0 = tile.scoreByteOffset(row);
%for r in 1 2 3
long weights${r} = tile.scoreByteOffset(Math.min(row + ${r}, lastRow));
%end
%end
%for T in F32 BF16 Q8

%if T.scaled
    /** The scales follow the integers of the lane tile, those of one position after those of the one before. */
%end
    private static void sum${T.name}(AttentionTile tile, int row, int lastRow, MemorySegment values, long start,
            int from, int to) {
%if T.scaled
        int slot = from % LANE_TILE;
        long scales = start + ${T.bytes}L * (LANE_TILE - slot) * tile.valueDim()
                + (long) slot * KvType.${T}.numScales(tile.valueDim()) * Q8Codec.SCALE_BYTES;
%end
        int dim = 0;
        for (; dim + WIDE <= tile.valueDim(); dim += WIDE) {
            if (VECTORS == 2) {
                twoVectors${T.name}(tile, row, lastRow, values, start,${T.scalesArgument} from, to, dim);
            } else {
                fourVectors${T.name}(tile, row, lastRow, values, start,${T.scalesArgument} from, to, dim);
            }
        }
        for (; dim + COUNT <= tile.valueDim(); dim += COUNT) {
            oneVector${T.name}(tile, row, lastRow, values, start,${T.scalesArgument} from, to, dim);
        }
        for (; dim < tile.valueDim(); dim++) {
            single${T.name}(tile, row, lastRow, values, start,${T.scalesArgument} from, to, dim);
        }
    }
%for w in Four Two

    private static void ${w.name}Vectors${T.name}(AttentionTile tile, int row, int lastRow, MemorySegment values,
            long start,${T.scalesParameter} int from, int to, int dim) {
        MemorySegment sums = tile.scratch();
        MemorySegment pattern = tile.scores();
        %paste offsets
%if T.scaled
        long scaleStride = (long) Q8Codec.SCALE_BYTES * KvType.${T}.numScales(tile.valueDim());
        long scalesAb = scales + (long) Q8Codec.SCALE_BYTES * (dim / Q8Codec.Q8_GROUP_SIZE);
%if w.wide
        long scalesCd = scales + (long) Q8Codec.SCALE_BYTES * ((dim + 2 * COUNT) / Q8Codec.Q8_GROUP_SIZE);
%end
%end
        long first = start + ${T.bytes}L * dim;
        long stride = ${T.bytes}L * tile.valueDim();
%for r below 4
%for v in w.vectors
        FloatVector sum${r}${v} = fromMemorySegment(FLOATS, sums, sums${r}${+ #v BYTES}, LITTLE_ENDIAN);
%end
%end
        for (int position = from; position < to; position++) {
            long offset = first + (position - from) * stride;
%if T.scaled
            FloatVector scaleAb = Lanes.broadcastBf16(values, scalesAb + (position - from) * scaleStride);
%if w.wide
            FloatVector scaleCd = Lanes.broadcastBf16(values, scalesCd + (position - from) * scaleStride);
%end
%end
%if w.wide
            %use T.fourValues|values|offset||
%else
            %use T.twoValues|values|offset|
%end
%for r below 4
            FloatVector weight${r} = broadcast(INTS, pattern.get(INT, weights${r} + 4L * position)).reinterpretAsFloats();
%for v in w.vectors
            sum${r}${v} = ${v}.fma(weight${r}, sum${r}${v});
%end
%end
        }
%for r below 4
%for v in w.vectors
        sum${r}${v}.intoMemorySegment(sums, sums${r}${+ #v BYTES}, LITTLE_ENDIAN);
%end
%end
    }
%end

    private static void oneVector${T.name}(AttentionTile tile, int row, int lastRow, MemorySegment values,
            long start,${T.scalesParameter} int from, int to, int dim) {
        MemorySegment sums = tile.scratch();
        MemorySegment pattern = tile.scores();
        %paste offsets
%if T.scaled
        long scaleStride = (long) Q8Codec.SCALE_BYTES * KvType.${T}.numScales(tile.valueDim());
        long scale = scales + (long) Q8Codec.SCALE_BYTES * (dim / Q8Codec.Q8_GROUP_SIZE);
%end
        long first = start + ${T.bytes}L * dim;
        long stride = ${T.bytes}L * tile.valueDim();
%for r below 4
        FloatVector sum${r} = fromMemorySegment(FLOATS, sums, sums${r}, LITTLE_ENDIAN);
%end
        for (int position = from; position < to; position++) {
            long offset = first + (position - from) * stride;
%if T.scaled
            FloatVector value = ${T.value|values|offset}
                    .mul(Lanes.broadcastBf16(values, scale + (position - from) * scaleStride));
%else
            FloatVector value = ${T.value|values|offset};
%end
%for r below 4
            FloatVector weight${r} = broadcast(INTS, pattern.get(INT, weights${r} + 4L * position)).reinterpretAsFloats();
            sum${r} = weight${r}.fma(value, sum${r});
%end
        }
%for r below 4
        sum${r}.intoMemorySegment(sums, sums${r}, LITTLE_ENDIAN);
%end
    }

    private static void single${T.name}(AttentionTile tile, int row, int lastRow, MemorySegment values,
            long start,${T.scalesParameter} int from, int to, int dim) {
%if T.scaled
        long scaleStride = (long) Q8Codec.SCALE_BYTES * KvType.${T}.numScales(tile.valueDim());
        long scale = scales + (long) Q8Codec.SCALE_BYTES * (dim / Q8Codec.Q8_GROUP_SIZE);
%end
        long first = start + ${T.bytes}L * dim;
        long stride = ${T.bytes}L * tile.valueDim();
        for (int r = row; r <= lastRow; r++) {
            long sumOffset = TileOffsets.sums(tile, r) + 4L * dim;
            float sum = DataType.F32.read(tile.scratch(), sumOffset);
            for (int position = from; position < to; position++) {
                float weight = DataType.F32.read(tile.scores(), tile.scoreByteOffset(r) + 4L * position);
                long offset = first + (position - from) * stride;
%if T.scaled
                float value = ${T.single|values|offset|scale + (position - from) * scaleStride};
%else
                float value = ${T.single|values|offset};
%end
                sum = Math.fma(weight, value, sum);
            }
            DataType.F32.write(tile.scratch(), sumOffset, sum);
        }
    }
%end
}
