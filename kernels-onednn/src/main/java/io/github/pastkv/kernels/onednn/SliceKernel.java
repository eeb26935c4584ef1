package io.github.pastkv.kernels.onednn;

import java.util.Arrays;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * All compiled products of one {@link SliceShape}, and the layout in which they read weights. {@code SliceKernels} has
 * one per shape. Safe for any number of threads; finding an existing product allocates nothing.
 */
final class SliceKernel {
    /** The number of rows for which the library chooses the layout; every other number then takes it. */
    private static final int ROWS_OF_LAYOUT = 64;
    /** Kernels that keep a row's bits are of this family. */
    private static final String IMPLEMENTATION = "brg_matmul";

    private final SliceShape shape;
    private final long weightsDescription;
    private final String implementation;
    private final long packedBytes;
    private OptionalInt chainInputs = OptionalInt.empty(); // set before publication
    /** By {@link RowBlocks#indexOf}, those of all strides; replaced as a whole. */
    private volatile Matmul[][] matmuls = new Matmul[RowBlocks.COUNT][0];

    private SliceKernel(SliceShape shape, long operation) {
        this.shape = shape;
        this.weightsDescription = Dnnl.copyOfDescription(Dnnl.weightsOf(operation));
        this.implementation = Dnnl.implementation(operation);
        this.packedBytes = Dnnl.size(weightsDescription);
    }

    /** A kernel of a shape, not verified yet; null if the library has none that may keep a row's bits. */
    static @Nullable SliceKernel make(SliceShape shape) {
        Dnnl.useOneThread();
        long any = Dnnl.matrixOfAnyLayout(shape.kind().weightCode(), shape.numInputs(), shape.numOutputs());
        long source = Dnnl.matrix(shape.kind().inputCode(), ROWS_OF_LAYOUT, shape.numInputs(), shape.numInputs(), 1);
        long target = Dnnl.matrix(Dnnl.F32, ROWS_OF_LAYOUT, shape.numOutputs(), shape.layerOutputs(), 1);
        long operation = Matmul.describe(shape, source, target, any);
        Dnnl.destroyDescription(any);
        Dnnl.destroyDescription(source);
        Dnnl.destroyDescription(target);
        if (operation == 0) {
            return null;
        }
        SliceKernel kernel = new SliceKernel(shape, operation);
        Dnnl.destroyOperation(operation);
        return kernel.implementation.startsWith(IMPLEMENTATION) ? kernel : null;
    }

    SliceShape shape() {
        return shape;
    }

    /** How weights are packed; belongs to this object. */
    long weightsDescription() {
        return weightsDescription;
    }

    /** Bytes of packed weights. */
    long packedBytes() {
        return packedBytes;
    }

    /** Inputs of a chain where {@link Int8Row} gives the library's bits; empty where it does not. */
    OptionalInt chainInputs() {
        return chainInputs;
    }

    /** Called once, before another thread sees this. */
    void setChainInputs(OptionalInt found) {
        chainInputs = found;
    }

    /** For example {@code brg_matmul:avx512_core_bf16}. */
    String implementation() {
        return implementation;
    }

    /** The product for {@code numRows}, a size of {@link RowBlocks}, and rows so many numbers apart. */
    Matmul matmul(int numRows, long inputStride, long outputStride) {
        int index = RowBlocks.indexOf(numRows);
        for (Matmul matmul : matmuls[index]) {
            if (matmul.fits(inputStride, outputStride)) {
                return matmul;
            }
        }
        return add(index, inputStride, outputStride);
    }

    private Matmul add(int index, long inputStride, long outputStride) {
        Matmul added = new Matmul(shape, RowBlocks.size(index), inputStride, outputStride, weightsDescription);
        synchronized (this) {
            Matmul[][] all = matmuls.clone();
            Matmul[] ofSize = Arrays.copyOf(all[index], all[index].length + 1);
            ofSize[ofSize.length - 1] = added;
            all[index] = ofSize;
            matmuls = all;
        }
        return added;
    }
}
