package io.github.pastkv.bench.micro;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Compares orders of keys in a block: scores of four query heads against {@link #KEYS} cached keys of one key/value
 * head, one thread, 512 bits. The result is millions of keys per second; times {@code headDim * 2} bytes (4 for F32) it
 * compares with {@link Layout#READ} of the same memory. docs/decisions/0001-block-layout.md has the decision.
 *
 * <p>Run: {@code mvn -Dquick -DskipTests -pl bench -am package -Dbenchmark=KeyLayoutBenchmark}
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@OperationsPerInvocation(KeyLayoutBenchmark.KEYS)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 1)
@Fork(value = 3, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@SuppressWarnings("NullAway.Init") // JMH sets the parameters, then calls setup
public class KeyLayoutBenchmark {
    /** Keys in memory: 32 MB and more, far beyond the second cache. */
    public static final int KEYS = 1 << 18;

    private static final int GROUP = KeyScores.GROUP;
    private static final int HEADS = KeyScores.HEADS;

    /** How a key lies in memory. */
    public enum Layout {
        /** BF16 {@code [group][dim / 2][key][dim % 2]}: an int holds two dimensions of a key. */
        PAIRS,
        /** BF16 {@code [group][dim][key]}, read by widening loads. */
        WIDENED,
        /** As {@link #PAIRS}, two groups side by side in the loop. */
        PAIRS_OF_TWO_GROUPS,
        /** BF16 {@code [key][dim]}, 16 partial sums a key, folded across lanes. */
        ROWS,
        /** F32 {@code [group][dim][key]}. */
        F32,
        /** F32 {@code [key][dim]}. */
        F32_ROWS,
        /** No scores: the memory of BF16 keys is only read. */
        READ
    }

    @Param public Layout layout;

    @Param({"64", "128"}) public int headDim;

    private Arena arena;
    private MemorySegment keys;
    private MemorySegment queries;
    private MemorySegment scores;
    private KeyScores bodies;
    private RowScores rowBodies;

    /** Fills the memory so that key {@code i} is the same in all layouts, and compares the first group's scores. */
    @Setup
    public void setup() {
        arena = Arena.ofConfined();
        keys = arena.allocate((long) KEYS * headDim * bytes(), 64);
        queries = arena.allocate(4L * HEADS * headDim, 64);
        scores = arena.allocate(4L * HEADS * 2 * GROUP, 64);
        bodies = new KeyScores(keys, queries, scores, headDim);
        rowBodies = new RowScores(keys, queries, scores, headDim);
        Random random = new Random(20254);
        for (int i = 0; i < HEADS * headDim; i++) {
            queries.setAtIndex(ValueLayout.JAVA_FLOAT, i, random.nextFloat());
        }
        for (int key = 0; key < KEYS; key++) {
            for (int dim = 0; dim < headDim; dim++) {
                put(key, dim, number(key, dim));
            }
        }
        group(0);
        for (int key = 0; key < GROUP && layout != Layout.READ; key++) {
            for (int head = 0; head < HEADS; head++) {
                check(key, head);
            }
        }
    }

    private void check(int key, int head) {
        double expected = 0;
        for (int dim = 0; dim < headDim; dim++) {
            expected += (double) number(key, dim) * query(head, dim);
        }
        float actual = scores.getAtIndex(ValueLayout.JAVA_FLOAT, head * 2L * GROUP + key);
        if (!(Math.abs(actual - expected) < 1e-4 * headDim)) {
            throw new IllegalStateException(
                    "score of key " + key + ", head " + head + ": " + actual + ", must be " + expected);
        }
    }

    /** Exact in 8 bits. */
    private static float number(int key, int dim) {
        return ((key * 31 + dim * 17) % 127 - 63) / 64f;
    }

    private float query(int head, int dim) {
        // Whole rows of even and of odd dimensions, 16 at a time, where that is how the rows of BF16 keys are widened.
        int place = layout == Layout.ROWS ? dim / 32 * 32 + dim % 2 * 16 + dim % 32 / 2 : dim;
        return queries.getAtIndex(ValueLayout.JAVA_FLOAT, (long) head * headDim + place);
    }

    private int bytes() {
        return layout == Layout.F32 || layout == Layout.F32_ROWS ? Float.BYTES : Short.BYTES;
    }

    private void put(int key, int dim, float number) {
        long group = (long) (key / GROUP) * GROUP * headDim;
        int inGroup = key % GROUP;
        long index = switch (layout) {
            case PAIRS, PAIRS_OF_TWO_GROUPS -> group + (dim & ~1L) * GROUP + 2L * inGroup + dim % 2;
            case WIDENED, F32 -> group + (long) dim * GROUP + inGroup;
            case ROWS, F32_ROWS, READ -> group + (long) inGroup * headDim + dim;
        };
        if (bytes() == Float.BYTES) {
            keys.setAtIndex(ValueLayout.JAVA_FLOAT, index, number);
        } else {
            keys.setAtIndex(ValueLayout.JAVA_SHORT, index, (short) (Float.floatToRawIntBits(number) >>> 16));
        }
    }

    @TearDown
    public void tearDown() {
        arena.close();
    }

    /** Scores of all keys; they are written over each other, as a softmax would take them. */
    @Benchmark
    public float score() {
        int step = layout == Layout.PAIRS_OF_TWO_GROUPS ? 2 * GROUP : GROUP;
        for (int key = 0; key < KEYS; key += step) {
            group((long) key * headDim * bytes());
        }
        return scores.get(ValueLayout.JAVA_FLOAT, 0);
    }

    private void group(long start) {
        switch (layout) {
            case PAIRS -> bodies.pairs(start);
            case WIDENED -> bodies.widened(start);
            case PAIRS_OF_TWO_GROUPS -> bodies.pairsOfTwoGroups(start);
            case ROWS -> rowBodies.bf16(start);
            case F32 -> bodies.f32(start);
            case F32_ROWS -> rowBodies.f32(start);
            case READ -> bodies.read(start);
        }
    }
}
