package io.github.pastkv.kernels;

/**
 * Service provider of one implementation of {@link Kernels}, found by {@link java.util.ServiceLoader}. Its constructor
 * probes the requirements of the kernels and throws {@link UnsupportedOperationException} with the reason if they are
 * not met.
 */
public interface KernelsProvider {
    /** The name that selects it, for example {@code vector}. */
    String name();

    /** The available provider with the highest rank is chosen. */
    int rank();

    Kernels create();
}
