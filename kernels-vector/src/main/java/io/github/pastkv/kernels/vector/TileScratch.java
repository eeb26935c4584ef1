package io.github.pastkv.kernels.vector;

import static io.github.pastkv.kernels.vector.Lanes.COUNT;
import static io.github.pastkv.kernels.vector.Lanes.FLOATS;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * Memory of a thread for {@link TileBodies}: inputs of some tokens, the weights of a block of inputs, and totals. It
 * grows with the number of inputs and never shrinks; it is used within one call.
 */
final class TileScratch {
    /** Tokens that go through a block side by side. */
    static final int TOKENS = 4;

    /** Tokens at a time, which bounds the memory; enough that weights are unpacked rarely. */
    static final int MAX_TOKENS = 128;

    /** Inputs of a block: half a panel of them stays in the nearest cache. */
    static final int BLOCK_INPUTS = GroupedPanel.BLOCK_INPUTS;

    private static final ThreadLocal<TileScratch> OF_THREAD = ThreadLocal.withInitial(TileScratch::new);
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE_ENDIAN);

    private final float[][] blocks = new float[2][BLOCK_INPUTS * 2 * COUNT];
    private final float[][] totals = new float[2][MAX_TOKENS * 2 * COUNT];
    private final float[][] rows = new float[TOKENS][];
    private float[] tokens = {};
    private int paddedInputs;

    private TileScratch() {
        Arrays.fill(rows, new float[0]);
    }

    /** That of this thread. */
    static TileScratch ofThisThread() {
        return OF_THREAD.get();
    }

    /** Reads the inputs of tokens {@code [0, numTokens)}, a multiple of {@link #TOKENS}. */
    void readTokens(Tensor x, int numInputs, int numTokens) {
        paddedInputs = CodePlane.padded(numInputs);
        if (tokens.length < numTokens * paddedInputs) {
            tokens = new float[numTokens * paddedInputs];
        }
        for (int token = 0; token < numTokens; token += TOKENS) {
            for (int row = 0; row < TOKENS; row++) {
                readRow(x, numInputs, token + row, row);
            }
            interleave(rows[0], rows[1], rows[2], rows[3], tokens, token * paddedInputs, paddedInputs);
        }
    }

    private void readRow(Tensor x, int numInputs, int token, int row) {
        if (rows[row].length < paddedInputs) {
            rows[row] = new float[paddedInputs];
        }
        MemorySegment.copy(x.segment(), FLOAT, token * x.stride(0) * Float.BYTES, rows[row], 0, numInputs);
        Arrays.fill(rows[row], numInputs, paddedInputs, 0f);
    }

    private static void interleave(float[] a, float[] b, float[] c, float[] d, float[] target, int from, int count) {
        for (int i = 0; i < count; i++) {
            target[from + 4 * i] = a[i];
            target[from + 4 * i + 1] = b[i];
            target[from + 4 * i + 2] = c[i];
            target[from + 4 * i + 3] = d[i];
        }
    }

    /** The inputs of the tokens, {@code [token / 4][input][token % 4]}, with zeros after the last input. */
    float[] tokens() {
        return tokens;
    }

    /** Where the inputs of four tokens begin. */
    int firstNumber(int token, int input) {
        return token * paddedInputs + TOKENS * input;
    }

    /** Weights of a block of inputs, {@code [input][2][lane]}, of the first or the last two vectors of a panel. */
    float[] block(int half) {
        return blocks[half];
    }

    /** {@code [tokens][2][lane]}, of the first or the last two vectors of a panel. */
    float[] totals(int half) {
        return totals[half];
    }

    /** Sets the totals of tokens {@code [0, numTokens)} to 0. */
    void clearTotals(int numTokens) {
        for (float[] half : totals) {
            Arrays.fill(half, 0, numTokens * 2 * COUNT, 0f);
        }
    }

    /**
     * Writes the totals of half a panel from {@code output} on, times scales if there are any and with biases.
     *
     * @param scales F32, one for each output, or {@link MemorySegment#NULL}
     * @param biases F32, one for each output
     */
    void finish(int half, MemorySegment scales, MemorySegment biases, Tensor y, int numTokens, int output,
            int numOutputs) {
        for (int vector = 0; vector < 2; vector++) {
            int first = output + vector * COUNT;
            VectorMask<Float> mask = FLOATS.indexInRange(first, numOutputs);
            FloatVector bias = Lanes.load(biases, 4L * first);
            for (int token = 0; token < numTokens; token++) {
                FloatVector total = FloatVector.fromArray(FLOATS, totals[half], (2 * token + vector) * COUNT);
                if (scales.byteSize() > 0) {
                    total = total.mul(Lanes.load(scales, 4L * first));
                }
                total.add(bias).intoMemorySegment(y.segment(), (token * y.stride(0) + first) * Float.BYTES,
                        LITTLE_ENDIAN, mask);
            }
        }
    }
}
