package io.github.pastkv.bench.micro;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.FloatVector.zero;
import static jdk.incubator.vector.VectorOperators.LSHL;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The scores of {@link KeyScores} over keys that lie one after the other, each of them a sum across vectors.
 *
 * @param keys the keys of one kv head
 * @param queries F32 {@code [HEADS, headDim]}
 * @param scores F32 {@code [HEADS, 2 * GROUP]}
 * @param headDim a multiple of 32
 */
record RowScores(MemorySegment keys, MemorySegment queries, MemorySegment scores, int headDim) {
    private static final int GROUP = KeyScores.GROUP;
    private static final int HEADS = KeyScores.HEADS;
    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_512;
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_512;
    private static final VectorShuffle<Float> BY_8 = VectorShuffle.fromOp(FLOATS, lane -> (lane + 8) % GROUP);
    private static final VectorShuffle<Float> BY_4 = VectorShuffle.fromOp(FLOATS, lane -> (lane + 4) % GROUP);
    private static final VectorShuffle<Float> BY_2 = VectorShuffle.fromOp(FLOATS, lane -> (lane + 2) % GROUP);
    private static final VectorShuffle<Float> BY_1 = VectorShuffle.fromOp(FLOATS, lane -> (lane + 1) % GROUP);

    void bf16(long start) {
        for (int key = 0; key < GROUP; key++) {
            for (int head = 0; head < HEADS; head++) {
                long row = start + 2L * headDim * key;
                long query = 4L * headDim * head;
                FloatVector evens = zero(FLOATS);
                FloatVector odds = zero(FLOATS);
                for (int dim = 0; dim < headDim; dim += 2 * GROUP) {
                    IntVector pairs = IntVector.fromMemorySegment(INTS, keys, row + 2L * dim, LITTLE_ENDIAN);
                    evens = fromMemorySegment(FLOATS, queries, query + 4L * dim, LITTLE_ENDIAN)
                            .fma(pairs.lanewise(LSHL, 16).reinterpretAsFloats(), evens);
                    odds = fromMemorySegment(FLOATS, queries, query + 4L * dim + 4 * GROUP, LITTLE_ENDIAN)
                            .fma(pairs.and(0xFFFF_0000).reinterpretAsFloats(), odds);
                }
                fold(evens.add(odds), head, key);
            }
        }
    }

    void f32(long start) {
        for (int key = 0; key < GROUP; key++) {
            for (int head = 0; head < HEADS; head++) {
                long row = start + 4L * headDim * key;
                long query = 4L * headDim * head;
                FloatVector sums = zero(FLOATS);
                FloatVector moreSums = zero(FLOATS);
                for (int dim = 0; dim < headDim; dim += 2 * GROUP) {
                    sums = fromMemorySegment(FLOATS, queries, query + 4L * dim, LITTLE_ENDIAN)
                            .fma(fromMemorySegment(FLOATS, keys, row + 4L * dim, LITTLE_ENDIAN), sums);
                    moreSums = fromMemorySegment(FLOATS, queries, query + 4L * dim + 4 * GROUP, LITTLE_ENDIAN)
                            .fma(fromMemorySegment(FLOATS, keys, row + 4L * dim + 4 * GROUP, LITTLE_ENDIAN), moreSums);
                }
                fold(sums.add(moreSums), head, key);
            }
        }
    }

    private void fold(FloatVector sums, int head, int key) {
        FloatVector eights = sums.add(sums.rearrange(BY_8));
        FloatVector fours = eights.add(eights.rearrange(BY_4));
        FloatVector twos = fours.add(fours.rearrange(BY_2));
        float score = twos.add(twos.rearrange(BY_1)).lane(0);
        scores.set(ValueLayout.JAVA_FLOAT, 8L * GROUP * head + 4L * key, score);
    }
}
