package io.github.pastkv.kernels.vector;

import io.github.pastkv.kernels.weights.GroupFormat;
import io.github.pastkv.kernels.weights.GroupFormat.Integers;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * One panel of grouped weights in the form that {@link GroupedBodies} reads, scales and minimums as floats
 * {@code [group][4][lane]}, with the inputs and the totals of tokens. What is stored in that form is read where it is;
 * the rest is unpacked into memory of the thread, once for all tokens. That memory grows and never shrinks; it is used
 * within one call.
 */
final class GroupedPanel {
    /** Inputs of a block of a tile, whole groups: half a panel of them stays in the nearest cache. */
    static final int BLOCK_INPUTS = GroupFormat.UNIT_SIZE;
    private static final ThreadLocal<GroupedPanel> OF_THREAD = ThreadLocal.withInitial(GroupedPanel::new);
    private static final long ALIGNMENT = 64;
    /** Groups that are summed side by side, as a sum waits for its last addition. */
    private static final int SIDE_BY_SIDE = 8;

    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Which body runs. */
    enum Kind {
        INT8(false), INT6(false), UINT4(false), INT4(false),
        /** One token; codes in two planes, as the other here. */
        INT5_ROW(true), UINT5_MINIMUM_ROW(true);

        private final boolean hasTwoPlanes;

        Kind(boolean hasTwoPlanes) {
            this.hasTwoPlanes = hasTwoPlanes;
        }

        /** Codes of other formats are unpacked to bytes; those of 5 bits too, where that pays: for several tokens. */
        private static Kind of(GroupFormat format, boolean isRow) {
            return switch (format.integers()) {
                case UINT4 -> UINT4;
                case INT4 -> INT4;
                case INT6 -> INT6;
                case INT5 -> isRow && !format.hasMinimums() ? INT5_ROW : INT8;
                case UINT5 -> isRow && format.hasMinimums() ? UINT5_MINIMUM_ROW : INT8;
                default -> INT8;
            };
        }
    }

    private final MemorySegment[] blocks = new MemorySegment[2];
    private final MemorySegment[] totals = {MemorySegment.NULL, MemorySegment.NULL};
    private Kind kind = Kind.INT8;
    private MemorySegment numberScratch = MemorySegment.NULL;
    private MemorySegment scaleScratch = MemorySegment.NULL;
    private MemorySegment minimumScratch = MemorySegment.NULL;
    private MemorySegment numbers = MemorySegment.NULL;
    private long numbersByteOffset;
    private MemorySegment highs = MemorySegment.NULL;
    private long highsByteOffset;
    private float[] inputs = {};
    private float[] inputSums = {};
    private int sumsPerToken;
    private MemorySegment scales = MemorySegment.NULL;
    private MemorySegment minimums = MemorySegment.NULL;
    private long scalesByteOffset;

    private GroupedPanel() {
        long blockBytes = BLOCK_INPUTS * 2L * Lanes.BYTES;
        Arrays.setAll(blocks, half -> Arena.ofAuto().allocate(blockBytes, ALIGNMENT));
    }

    /** That of this thread. */
    static GroupedPanel ofThisThread() {
        return OF_THREAD.get();
    }

    /** Reads the inputs of one token, and sums them by group where weights have minimums. */
    void readInputs(Tensor x, VectorGroupedWeights weights, int token) {
        int numInputs = weights.numInputs();
        int padded = CodePlane.padded(numInputs);
        if (inputs.length < padded) {
            inputs = new float[padded];
        }
        MemorySegment.copy(x.segment(), FLOAT, rowByteOffset(x, token), inputs, 0, numInputs);
        Arrays.fill(inputs, numInputs, padded, 0f);
        sumInputs(x, weights, token, token + 1);
    }

    /** Sums the inputs of tokens {@code [0, numTokens)} by group where weights have minimums. */
    void sumInputs(Tensor x, VectorGroupedWeights weights, int numTokens) {
        sumInputs(x, weights, 0, numTokens);
    }

    private void sumInputs(Tensor x, VectorGroupedWeights weights, int fromToken, int toToken) {
        GroupFormat format = weights.format();
        if (!format.hasMinimums()) {
            return;
        }
        sumsPerToken = Math.ceilDiv(format.numGroups(weights.numInputs()), SIDE_BY_SIDE) * SIDE_BY_SIDE;
        if (inputSums.length < (toToken - fromToken) * sumsPerToken) {
            inputSums = new float[(toToken - fromToken) * sumsPerToken];
        }
        int groupBytes = format.groupSize() * Float.BYTES;
        int wholeGroups = weights.numInputs() / format.groupSize() / SIDE_BY_SIDE * SIDE_BY_SIDE;
        for (int token = fromToken; token < toToken; token++) {
            long row = rowByteOffset(x, token);
            int sum = (token - fromToken) * sumsPerToken;
            for (int group = 0; group < wholeGroups; group += SIDE_BY_SIDE) {
                sumGroups(x.segment(), row + (long) group * groupBytes, groupBytes, sum + group);
            }
            for (int group = wholeGroups; group < format.numGroups(weights.numInputs()); group++) {
                int from = group * format.groupSize();
                int to = Math.min(from + format.groupSize(), weights.numInputs());
                inputSums[sum + group] = sum(x.segment(), row + 4L * from, row + 4L * to);
            }
        }
    }

    private static float sum(MemorySegment in, long from, long to) {
        float sum = 0f;
        for (long at = from; at < to; at += Float.BYTES) {
            sum += in.get(FLOAT, at);
        }
        return sum;
    }

    /** Sums eight groups from {@code from} on. */
    private void sumGroups(MemorySegment in, long from, int groupBytes, int target) {
        float a = 0f;
        float b = 0f;
        float c = 0f;
        float d = 0f;
        float e = 0f;
        float f = 0f;
        float g = 0f;
        float h = 0f;
        for (int i = 0; i < groupBytes; i += Float.BYTES) {
            long at = from + i;
            a += in.get(FLOAT, at);
            b += in.get(FLOAT, at + groupBytes);
            c += in.get(FLOAT, at + 2L * groupBytes);
            d += in.get(FLOAT, at + 3L * groupBytes);
            e += in.get(FLOAT, at + 4L * groupBytes);
            f += in.get(FLOAT, at + 5L * groupBytes);
            g += in.get(FLOAT, at + 6L * groupBytes);
            h += in.get(FLOAT, at + 7L * groupBytes);
        }
        inputSums[target] = a;
        inputSums[target + 1] = b;
        inputSums[target + 2] = c;
        inputSums[target + 3] = d;
        inputSums[target + 4] = e;
        inputSums[target + 5] = f;
        inputSums[target + 6] = g;
        inputSums[target + 7] = h;
    }

    private static long rowByteOffset(Tensor tensor, int token) {
        return token * tensor.stride(0) * Float.BYTES;
    }

    /** Reads the panel of {@code output}, for one token or for several. */
    void read(VectorGroupedWeights weights, int output, boolean isRow) {
        readNumbers(weights, output, isRow);
        readScales(weights, output);
    }

    private void readNumbers(VectorGroupedWeights weights, int output, boolean isRow) {
        kind = Kind.of(weights.format(), isRow);
        if (kind != Kind.INT8 || weights.format().integers() == Integers.INT8) {
            numbers = weights.lows().panels();
            numbersByteOffset = weights.lows().panelByteOffset(output);
            if (kind.hasTwoPlanes) {
                highs = weights.highs().panels();
                highsByteOffset = weights.highs().panelByteOffset(output);
            }
            return;
        }
        numberScratch = atLeast(numberScratch, CodePlane.padded(weights.numInputs()) * Lanes.BYTES);
        PanelUnpacker.unpack(weights, output, numberScratch);
        numbers = numberScratch;
        numbersByteOffset = 0;
    }

    private void readScales(VectorGroupedWeights weights, int output) {
        VectorGroupScales stored = weights.scales();
        VectorGroupScales storedMinimums = weights.minimums();
        if (stored.areFloats()) {
            scales = stored.stored();
            minimums = storedMinimums == null ? MemorySegment.NULL : storedMinimums.stored();
            scalesByteOffset = stored.panelByteOffset(output);
            return;
        }
        scaleScratch = atLeast(scaleScratch, stored.floatBytes());
        stored.read(output, scaleScratch);
        scales = scaleScratch;
        scalesByteOffset = 0;
        if (storedMinimums != null) {
            minimumScratch = atLeast(minimumScratch, stored.floatBytes());
            storedMinimums.read(output, minimumScratch);
        }
        minimums = minimumScratch;
    }

    private static MemorySegment atLeast(MemorySegment memory, long bytes) {
        return memory.byteSize() >= bytes ? memory : Arena.ofAuto().allocate(bytes, ALIGNMENT);
    }

    /** Sets the totals of tokens {@code [0, numTokens)} to 0. */
    void clearTotals(int numTokens) {
        long bytes = numTokens * 2L * Lanes.BYTES;
        for (int half = 0; half < 2; half++) {
            totals[half] = atLeast(totals[half], bytes);
            totals[half].asSlice(0, bytes).fill((byte) 0);
        }
    }

    Kind kind() {
        return kind;
    }

    /** The codes, as {@link CodePlane} has them; of kind INT8 the numbers plus 128, {@code [input][lane][4]}. */
    MemorySegment numbers() {
        return numbers;
    }

    long numbersByteOffset() {
        return numbersByteOffset;
    }

    /** The higher bits of codes, of kinds with two planes. */
    MemorySegment highs() {
        return highs;
    }

    long highsByteOffset() {
        return highsByteOffset;
    }

    MemorySegment scales() {
        return scales;
    }

    /** Of use only where the format has minimums. */
    MemorySegment minimums() {
        return minimums;
    }

    /** First byte of scales and of minimums. */
    long scalesByteOffset() {
        return scalesByteOffset;
    }

    /** The inputs of the token that was read, with zeros up to a multiple of {@link CodePlane#INPUT_GRAIN}. */
    float[] inputs() {
        return inputs;
    }

    /** The sums of the inputs of each group, of weights with minimums: those of a token follow one another. */
    float[] inputSums() {
        return inputSums;
    }

    int firstInputSum(int token) {
        return token * sumsPerToken;
    }

    /** Integers of a block of inputs as floats, {@code [input][2][lane]}, of the first or the last two vectors. */
    MemorySegment block(int half) {
        return blocks[half];
    }

    /** {@code [tokens][2][lane]}, of the first or the last two vectors. */
    MemorySegment totals(int half) {
        return totals[half];
    }
}
