package io.github.pastkv.bench.micro;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.FloatVector.zero;
import static jdk.incubator.vector.IntVector.broadcast;
import static jdk.incubator.vector.VectorOperators.LSHL;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Candidates of {@link KeyLayoutBenchmark}: each computes the scores of 16 keys from a byte offset on, for four query
 * heads. {@link RowScores} has those whose keys lie one after the other.
 *
 * @param keys the keys of one kv head
 * @param queries F32 {@code [HEADS, headDim]}
 * @param scores F32 {@code [HEADS, 2 * GROUP]}
 * @param headDim a multiple of 32
 */
record KeyScores(MemorySegment keys, MemorySegment queries, MemorySegment scores, int headDim) {
    static final int GROUP = 16;
    static final int HEADS = 4;

    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_512;
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_512;
    private static final VectorSpecies<Short> SHORTS = ShortVector.SPECIES_256;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;

    void pairs(long start) {
        long query0 = 0;
        long query1 = 4L * headDim;
        long query2 = 2L * 4 * headDim;
        long query3 = 3L * 4 * headDim;
        FloatVector sum0 = zero(FLOATS);
        FloatVector sum1 = zero(FLOATS);
        FloatVector sum2 = zero(FLOATS);
        FloatVector sum3 = zero(FLOATS);
        for (int dim = 0; dim < headDim; dim += 2) {
            IntVector pairs = IntVector.fromMemorySegment(INTS, keys, start + 2L * GROUP * dim, LITTLE_ENDIAN);
            FloatVector even = pairs.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector odd = pairs.and(0xFFFF_0000).reinterpretAsFloats();
            sum0 = broadcast(INTS, queries.get(INT, query0 + 4L * dim)).reinterpretAsFloats().fma(even, sum0);
            sum1 = broadcast(INTS, queries.get(INT, query1 + 4L * dim)).reinterpretAsFloats().fma(even, sum1);
            sum2 = broadcast(INTS, queries.get(INT, query2 + 4L * dim)).reinterpretAsFloats().fma(even, sum2);
            sum3 = broadcast(INTS, queries.get(INT, query3 + 4L * dim)).reinterpretAsFloats().fma(even, sum3);
            sum0 = broadcast(INTS, queries.get(INT, query0 + 4L * dim + 4)).reinterpretAsFloats().fma(odd, sum0);
            sum1 = broadcast(INTS, queries.get(INT, query1 + 4L * dim + 4)).reinterpretAsFloats().fma(odd, sum1);
            sum2 = broadcast(INTS, queries.get(INT, query2 + 4L * dim + 4)).reinterpretAsFloats().fma(odd, sum2);
            sum3 = broadcast(INTS, queries.get(INT, query3 + 4L * dim + 4)).reinterpretAsFloats().fma(odd, sum3);
        }
        sum0.intoMemorySegment(scores, 0, LITTLE_ENDIAN);
        sum1.intoMemorySegment(scores, 1L * 8 * GROUP, LITTLE_ENDIAN);
        sum2.intoMemorySegment(scores, 2L * 8 * GROUP, LITTLE_ENDIAN);
        sum3.intoMemorySegment(scores, 3L * 8 * GROUP, LITTLE_ENDIAN);
    }

    void pairsOfTwoGroups(long start) {
        long query0 = 0;
        long query1 = 4L * headDim;
        long query2 = 2L * 4 * headDim;
        long query3 = 3L * 4 * headDim;
        long second = start + 2L * GROUP * headDim;
        FloatVector sum0 = zero(FLOATS);
        FloatVector more0 = zero(FLOATS);
        FloatVector sum1 = zero(FLOATS);
        FloatVector more1 = zero(FLOATS);
        FloatVector sum2 = zero(FLOATS);
        FloatVector more2 = zero(FLOATS);
        FloatVector sum3 = zero(FLOATS);
        FloatVector more3 = zero(FLOATS);
        for (int dim = 0; dim < headDim; dim += 2) {
            IntVector pairs = IntVector.fromMemorySegment(INTS, keys, start + 2L * GROUP * dim, LITTLE_ENDIAN);
            IntVector morePairs = IntVector.fromMemorySegment(INTS, keys, second + 2L * GROUP * dim, LITTLE_ENDIAN);
            FloatVector even = pairs.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector odd = pairs.and(0xFFFF_0000).reinterpretAsFloats();
            FloatVector moreEven = morePairs.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector moreOdd = morePairs.and(0xFFFF_0000).reinterpretAsFloats();
            FloatVector first0 = broadcast(INTS, queries.get(INT, query0 + 4L * dim)).reinterpretAsFloats();
            sum0 = first0.fma(even, sum0);
            more0 = first0.fma(moreEven, more0);
            FloatVector first1 = broadcast(INTS, queries.get(INT, query1 + 4L * dim)).reinterpretAsFloats();
            sum1 = first1.fma(even, sum1);
            more1 = first1.fma(moreEven, more1);
            FloatVector first2 = broadcast(INTS, queries.get(INT, query2 + 4L * dim)).reinterpretAsFloats();
            sum2 = first2.fma(even, sum2);
            more2 = first2.fma(moreEven, more2);
            FloatVector first3 = broadcast(INTS, queries.get(INT, query3 + 4L * dim)).reinterpretAsFloats();
            sum3 = first3.fma(even, sum3);
            more3 = first3.fma(moreEven, more3);
            FloatVector second0 = broadcast(INTS, queries.get(INT, query0 + 4L * dim + 4)).reinterpretAsFloats();
            sum0 = second0.fma(odd, sum0);
            more0 = second0.fma(moreOdd, more0);
            FloatVector second1 = broadcast(INTS, queries.get(INT, query1 + 4L * dim + 4)).reinterpretAsFloats();
            sum1 = second1.fma(odd, sum1);
            more1 = second1.fma(moreOdd, more1);
            FloatVector second2 = broadcast(INTS, queries.get(INT, query2 + 4L * dim + 4)).reinterpretAsFloats();
            sum2 = second2.fma(odd, sum2);
            more2 = second2.fma(moreOdd, more2);
            FloatVector second3 = broadcast(INTS, queries.get(INT, query3 + 4L * dim + 4)).reinterpretAsFloats();
            sum3 = second3.fma(odd, sum3);
            more3 = second3.fma(moreOdd, more3);
        }
        sum0.intoMemorySegment(scores, 0L * 8 * GROUP, LITTLE_ENDIAN);
        more0.intoMemorySegment(scores, 0L * 8 * GROUP + 4 * GROUP, LITTLE_ENDIAN);
        sum1.intoMemorySegment(scores, 1L * 8 * GROUP, LITTLE_ENDIAN);
        more1.intoMemorySegment(scores, 1L * 8 * GROUP + 4 * GROUP, LITTLE_ENDIAN);
        sum2.intoMemorySegment(scores, 2L * 8 * GROUP, LITTLE_ENDIAN);
        more2.intoMemorySegment(scores, 2L * 8 * GROUP + 4 * GROUP, LITTLE_ENDIAN);
        sum3.intoMemorySegment(scores, 3L * 8 * GROUP, LITTLE_ENDIAN);
        more3.intoMemorySegment(scores, 3L * 8 * GROUP + 4 * GROUP, LITTLE_ENDIAN);
    }

    void widened(long start) {
        long query0 = 0;
        long query1 = 4L * headDim;
        long query2 = 2L * 4 * headDim;
        long query3 = 3L * 4 * headDim;
        FloatVector sum0 = zero(FLOATS);
        FloatVector sum1 = zero(FLOATS);
        FloatVector sum2 = zero(FLOATS);
        FloatVector sum3 = zero(FLOATS);
        for (int dim = 0; dim < headDim; dim++) {
            FloatVector key = ((IntVector) ShortVector
                    .fromMemorySegment(SHORTS, keys, start + 2L * GROUP * dim, LITTLE_ENDIAN)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0)).lanewise(LSHL, 16).reinterpretAsFloats();
            sum0 = broadcast(INTS, queries.get(INT, query0 + 4L * dim)).reinterpretAsFloats().fma(key, sum0);
            sum1 = broadcast(INTS, queries.get(INT, query1 + 4L * dim)).reinterpretAsFloats().fma(key, sum1);
            sum2 = broadcast(INTS, queries.get(INT, query2 + 4L * dim)).reinterpretAsFloats().fma(key, sum2);
            sum3 = broadcast(INTS, queries.get(INT, query3 + 4L * dim)).reinterpretAsFloats().fma(key, sum3);
        }
        sum0.intoMemorySegment(scores, 0, LITTLE_ENDIAN);
        sum1.intoMemorySegment(scores, 1L * 8 * GROUP, LITTLE_ENDIAN);
        sum2.intoMemorySegment(scores, 2L * 8 * GROUP, LITTLE_ENDIAN);
        sum3.intoMemorySegment(scores, 3L * 8 * GROUP, LITTLE_ENDIAN);
    }

    void f32(long start) {
        long query0 = 0;
        long query1 = 4L * headDim;
        long query2 = 2L * 4 * headDim;
        long query3 = 3L * 4 * headDim;
        FloatVector sum0 = zero(FLOATS);
        FloatVector sum1 = zero(FLOATS);
        FloatVector sum2 = zero(FLOATS);
        FloatVector sum3 = zero(FLOATS);
        for (int dim = 0; dim < headDim; dim++) {
            FloatVector key = fromMemorySegment(FLOATS, keys, start + 4L * GROUP * dim, LITTLE_ENDIAN);
            sum0 = broadcast(INTS, queries.get(INT, query0 + 4L * dim)).reinterpretAsFloats().fma(key, sum0);
            sum1 = broadcast(INTS, queries.get(INT, query1 + 4L * dim)).reinterpretAsFloats().fma(key, sum1);
            sum2 = broadcast(INTS, queries.get(INT, query2 + 4L * dim)).reinterpretAsFloats().fma(key, sum2);
            sum3 = broadcast(INTS, queries.get(INT, query3 + 4L * dim)).reinterpretAsFloats().fma(key, sum3);
        }
        sum0.intoMemorySegment(scores, 0, LITTLE_ENDIAN);
        sum1.intoMemorySegment(scores, 1L * 8 * GROUP, LITTLE_ENDIAN);
        sum2.intoMemorySegment(scores, 2L * 8 * GROUP, LITTLE_ENDIAN);
        sum3.intoMemorySegment(scores, 3L * 8 * GROUP, LITTLE_ENDIAN);
    }

    void read(long start) {
        FloatVector sum = zero(FLOATS);
        FloatVector moreSum = zero(FLOATS);
        for (long offset = start; offset < start + 2L * GROUP * headDim; offset += 8 * GROUP) {
            sum = sum.add(fromMemorySegment(FLOATS, keys, offset, LITTLE_ENDIAN));
            moreSum = moreSum.add(fromMemorySegment(FLOATS, keys, offset + 4 * GROUP, LITTLE_ENDIAN));
        }
        sum.add(moreSum).intoMemorySegment(scores, 0, LITTLE_ENDIAN);
    }
}
