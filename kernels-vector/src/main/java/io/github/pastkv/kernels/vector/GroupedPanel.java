package io.github.pastkv.kernels.vector;

import io.github.pastkv.kernels.GroupFormat;
import io.github.pastkv.kernels.GroupFormat.Integers;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * One panel of grouped weights in the form that {@link GroupedBodies} reads: codes of 8 or 4 bits, scales and minimums
 * as floats {@code [group][4][lane]}. What is stored so is read where it is; the rest is unpacked into memory of the
 * thread, once for all tokens. That memory grows and never shrinks; it is used within one call.
 */
final class GroupedPanel {
    private static final ThreadLocal<GroupedPanel> OF_THREAD = ThreadLocal.withInitial(GroupedPanel::new);
    private static final long ALIGNMENT = 64;

    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Which body runs. */
    enum Kind {
        INT8(false), UINT4(false), INT4(false),
        /** One token; codes in two planes, as the others here. */
        INT6_ROW(true), INT5_ROW(true), UINT5_MINIMUM_ROW(true);

        private final boolean hasTwoPlanes;

        Kind(boolean hasTwoPlanes) {
            this.hasTwoPlanes = hasTwoPlanes;
        }

        /** Unpacking to bytes pays for several tokens. */
        private static Kind of(GroupFormat format, int numTokens) {
            boolean isRow = numTokens == 1;
            return switch (format.integers()) {
                case UINT4 -> UINT4;
                case INT4 -> INT4;
                case INT6 -> isRow && !format.hasMinimums() ? INT6_ROW : INT8;
                case INT5 -> isRow && !format.hasMinimums() ? INT5_ROW : INT8;
                case UINT5 -> isRow && format.hasMinimums() ? UINT5_MINIMUM_ROW : INT8;
                default -> INT8;
            };
        }
    }

    private Kind kind = Kind.INT8;
    private MemorySegment numberScratch = MemorySegment.NULL;
    private MemorySegment scaleScratch = MemorySegment.NULL;
    private MemorySegment minimumScratch = MemorySegment.NULL;
    private MemorySegment numbers = MemorySegment.NULL;
    private long numbersByteOffset;
    private MemorySegment highs = MemorySegment.NULL;
    private long highsByteOffset;
    private MemorySegment inputSums = MemorySegment.NULL;
    private long inputSumsRowBytes;
    private MemorySegment scales = MemorySegment.NULL;
    private MemorySegment minimums = MemorySegment.NULL;
    private long scalesByteOffset;

    private GroupedPanel() {}

    /** Reads the panel of {@code output}, for so many tokens. */
    void read(VectorGroupedWeights weights, int output, int numTokens) {
        readNumbers(weights, output, numTokens);
        readScales(weights, output);
    }

    /**
     * That of this thread, without a panel yet, for tokens {@code x}: where weights have minimums, the inputs of each
     * group are summed here, once for all panels.
     */
    static GroupedPanel ofThisThread(Tensor x, VectorGroupedWeights weights, int numTokens) {
        GroupedPanel panel = OF_THREAD.get();
        if (weights.format().hasMinimums()) {
            panel.sumInputs(x, weights, numTokens);
        }
        return panel;
    }

    private void sumInputs(Tensor x, VectorGroupedWeights weights, int numTokens) {
        int groupSize = weights.format().groupSize();
        int numInputs = weights.numInputs();
        inputSumsRowBytes = (long) weights.format().numGroups(numInputs) * Float.BYTES;
        inputSums = atLeast(inputSums, Math.max(numTokens * inputSumsRowBytes, 1));
        MemorySegment in = x.segment();
        for (int token = 0; token < numTokens; token++) {
            long row = token * x.stride(0) * Float.BYTES;
            for (int from = 0; from < numInputs; from += groupSize) {
                float sum = 0f;
                for (int input = from; input < Math.min(from + groupSize, numInputs); input++) {
                    sum += in.get(FLOAT, row + 4L * input);
                }
                inputSums.set(FLOAT, token * inputSumsRowBytes + 4L * (from / groupSize), sum);
            }
        }
    }

    private void readNumbers(VectorGroupedWeights weights, int output, int numTokens) {
        kind = Kind.of(weights.format(), numTokens);
        if (kind != Kind.INT8 || weights.format().integers() == Integers.INT8) {
            numbers = weights.lows().panels();
            numbersByteOffset = weights.lows().panelByteOffset(output);
            if (kind.hasTwoPlanes) {
                highs = weights.highs().panels();
                highsByteOffset = weights.highs().panelByteOffset(output);
            }
            return;
        }
        numberScratch = atLeast(numberScratch, weights.numInputs() * Lanes.BYTES);
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

    Kind kind() {
        return kind;
    }

    /** With 8 bits {@code [input][lane][4]}, with 4 bits {@code [input / 2][lane][2][4]}. */
    MemorySegment numbers() {
        return numbers;
    }

    long numbersByteOffset() {
        return numbersByteOffset;
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

    /** The higher bits of codes, of kinds with two planes. */
    MemorySegment highs() {
        return highs;
    }

    long highsByteOffset() {
        return highsByteOffset;
    }

    /** The sums of the inputs of each group, {@code [tokens, groups]}, of weights with minimums. */
    MemorySegment inputSums() {
        return inputSums;
    }

    long inputSumsByteOffset(int token) {
        return token * inputSumsRowBytes;
    }
}
