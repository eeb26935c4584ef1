package io.github.pastkv.kernels;

/**
 * Offers one implementation of {@link Kernels}, found by {@link java.util.ServiceLoader}. Its constructor probes what
 * the kernels need and throws {@link UnsupportedOperationException} with the reason where that is missing.
 */
public interface KernelsProvider {
    /** The name that forces it, for example {@code vector}. */
    String name();

    /** The highest rank is taken first. */
    int rank();

    Kernels create();
}
