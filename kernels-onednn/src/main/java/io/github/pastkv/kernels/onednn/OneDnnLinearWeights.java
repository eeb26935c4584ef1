package io.github.pastkv.kernels.onednn;

import io.github.pastkv.kernels.LinearWeights;
import io.github.pastkv.kernels.NativeMemory;
import io.github.pastkv.kernels.weights.LinearPrecision;
import io.github.pastkv.kernels.weights.WeightMatrices;
import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.tensor.DataType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A linear layer in slices of outputs, each packed on its own in the library's layout. Ranges of outputs are whole
 * slices.
 */
final class OneDnnLinearWeights implements LinearWeights {
    private static final long ALIGNMENT = 64;
    private static final long CACHE_LINE_BYTES = 64;

    private final LinearPrecision precision;
    private final NumberKind kind;
    private final int numInputs;
    private final int numOutputs;
    private final int outputsPerSlice;
    private final SliceKernel wholeKernel;
    private final SliceKernel lastKernel;
    private final MemorySegment packed;
    private final MemorySegment scales;
    private final MemorySegment biases;
    private final SliceWeights[] slices;

    private OneDnnLinearWeights(LinearPrecision precision, SliceKernel wholeKernel, SliceKernel lastKernel,
            Arena arena) {
        SliceShape shape = wholeKernel.shape();
        this.precision = precision;
        this.kind = shape.kind();
        this.numInputs = shape.numInputs();
        this.numOutputs = shape.layerOutputs();
        this.outputsPerSlice = shape.numOutputs();
        this.wholeKernel = wholeKernel;
        this.lastKernel = lastKernel;
        this.slices = new SliceWeights[Math.ceilDiv(numOutputs, outputsPerSlice)];
        this.packed = NativeMemory.allocate(slices.length * sliceBytes(), arena);
        long perOutput = (long) numOutputs * Float.BYTES;
        this.scales = kind.isScaled() ? arena.allocate(perOutput, ALIGNMENT) : MemorySegment.NULL;
        this.biases = shape.isBiased() ? arena.allocate(perOutput, ALIGNMENT) : MemorySegment.NULL;
        for (int i = 0; i < slices.length; i++) {
            long output = (long) i * outputsPerSlice * Float.BYTES;
            slices[i] = new SliceWeights(packed.address() + i * sliceBytes(),
                    kind.isScaled() ? scales.address() + output : 0,
                    shape.isBiased() ? biases.address() + output : 0);
        }
    }

    /** Packs, on all processors; null where the library has no kernel for it that keeps a row's bits. */
    static @Nullable OneDnnLinearWeights pack(List<WeightMatrix> parts, LinearPrecision precision, Arena arena) {
        WeightMatrix first = WeightMatrices.requireMatching(parts, precision);
        NumberKind kind = first instanceof WeightMatrix.Grouped
                ? null
                : NumberKind.of(precision, WeightMatrices.tensor(first).dataType());
        int numInputs = Math.toIntExact(first.numInputs());
        int numOutputs = WeightMatrices.numOutputs(parts);
        if (kind == null || numInputs == 0 || numOutputs == 0) {
            return null;
        }
        boolean isBiased = parts.stream().anyMatch(part -> part.bias() != null);
        int outputsPerSlice = Slicing.outputsPerSlice(numInputs, numOutputs);
        int outputsOfLast = (numOutputs - 1) % outputsPerSlice + 1;
        SliceKernel whole =
                SliceKernels.find(new SliceShape(kind, numInputs, outputsPerSlice, numOutputs, isBiased));
        SliceKernel last = SliceKernels.find(new SliceShape(kind, numInputs, outputsOfLast, numOutputs, isBiased));
        if (whole == null || last == null) {
            return null;
        }
        OneDnnLinearWeights weights = new OneDnnLinearWeights(precision, whole, last, arena);
        weights.fill(parts);
        return weights;
    }

    private void fill(List<WeightMatrix> parts) {
        putBiases(parts);
        IntStream all = IntStream.range(0, slices.length);
        (WeightMatrices.areShared(parts, packed) ? all.parallel() : all).forEach(slice -> {
            int from = slice * outputsPerSlice;
            new SliceSource(parts, kind, numInputs).pack(kernel(slice), from, slices[slice].packedAddress(), scales);
        });
    }

    private void putBiases(List<WeightMatrix> parts) {
        int from = 0;
        for (WeightMatrix part : parts) {
            for (int row = 0; part.bias() != null && row < part.bias().shape(0); row++) {
                DataType.F32.write(biases, (long) (from + row) * Float.BYTES, part.bias().get(row));
            }
            from += Math.toIntExact(part.numOutputs());
        }
    }

    private long sliceBytes() {
        return Math.ceilDiv(wholeKernel.packedBytes(), ALIGNMENT) * ALIGNMENT;
    }

    /** Whether one row goes to {@link Int8Row}. */
    boolean hasOwnRow() {
        return wholeKernel.chainInputs().isPresent() && lastKernel.chainInputs().isPresent();
    }

    SliceKernel kernel(int slice) {
        return slice == slices.length - 1 ? lastKernel : wholeKernel;
    }

    SliceWeights slice(int slice) {
        return slices[slice];
    }

    /**
     * Prefetches the integer weights of a slice into the core's cache, as the library's kernel stalls at each cache
     * line (6 GB/s on AMD Zen 5, against 23 GB/s out of the cache). Others it reads at full speed by itself.
     */
    void readAhead(int slice, ThreadBuffers buffers) {
        if (!kind.isScaled()) {
            return;
        }
        long from = slice * sliceBytes();
        long to = from + kernel(slice).packedBytes() / CACHE_LINE_BYTES * CACHE_LINE_BYTES;
        long sum = 0;
        for (long offset = from; offset < to; offset += CACHE_LINE_BYTES) {
            sum += packed.get(ValueLayout.JAVA_LONG, offset);
        }
        buffers.note(sum);
    }

    /** Whether the memory is still alive; it ends with the arena that it was packed in. */
    boolean isAlive() {
        return packed.scope().isAlive();
    }

    @Override
    public int numInputs() {
        return numInputs;
    }

    @Override
    public int numOutputs() {
        return numOutputs;
    }

    @Override
    public LinearPrecision precision() {
        return precision;
    }

    @Override
    public DataType inputType() {
        return kind.inputs();
    }

    @Override
    public int outputGrain() {
        return outputsPerSlice;
    }

    @Override
    public long packedBytes() {
        return packed.byteSize() + scales.byteSize() + biases.byteSize();
    }
}
