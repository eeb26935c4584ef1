package io.github.pastkv.model;

import org.jspecify.annotations.Nullable;

/**
 * How a model is run.
 *
 * @param kernels name of the kernels to force ({@code scalar}, {@code vector}), or null for the fastest to be had
 * @param numThreads threads of a step, the caller's included
 * @param maxPassTokens most tokens that go through the weights together; a longer step takes several passes
 */
public record ModelOptions(@Nullable String kernels, int numThreads, int maxPassTokens) {
    public ModelOptions {
        requirePositive("numThreads", numThreads);
        requirePositive("maxPassTokens", maxPassTokens);
    }

    /** Fastest kernels, all processors, passes of 512 tokens. */
    public static ModelOptions defaults() {
        return new ModelOptions(null, Runtime.getRuntime().availableProcessors(), 512);
    }

    public ModelOptions withKernels(@Nullable String newKernels) {
        return new ModelOptions(newKernels, numThreads, maxPassTokens);
    }

    public ModelOptions withNumThreads(int newNumThreads) {
        return new ModelOptions(kernels, newNumThreads, maxPassTokens);
    }

    public ModelOptions withMaxPassTokens(int newMaxPassTokens) {
        return new ModelOptions(kernels, numThreads, newMaxPassTokens);
    }

    private static void requirePositive(String name, int value) {
        if (value <= 0) {
            throw new IllegalArgumentException(name + ": " + value + ", must be positive");
        }
    }
}
