package io.github.pastkv.kernels.onednn;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The kernels of this process, one for each shape, made and proven when they are first needed. Safe for any number of
 * threads.
 */
final class SliceKernels {
    private static final Map<SliceShape, SliceKernel> KERNELS = new ConcurrentHashMap<>();

    private SliceKernels() {}

    /** The kernel of a shape; null where the library has none, or where a row's bits depend on the number of rows. */
    static @Nullable SliceKernel find(SliceShape shape) {
        return KERNELS.computeIfAbsent(shape, SliceKernels::make);
    }

    private static @Nullable SliceKernel make(SliceShape shape) {
        SliceKernel kernel = SliceKernel.make(shape);
        if (kernel == null || !RowProof.holds(kernel)) {
            return null;
        }
        kernel.setChainInputs(RowOrder.chainInputs(kernel));
        return kernel;
    }
}
