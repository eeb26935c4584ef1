package io.github.pastkv.model;

import io.github.pastkv.kernels.WeightType;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How a model is run.
 *
 * @param kernels name of the kernels to force ({@code scalar}, {@code vector}, {@code onednn}), or null for the fastest
 *     to be had
 * @param compute type of the inputs of linear layers
 * @param weights what becomes of the weights of linear layers
 * @param numThreads threads of a step, the caller's included
 * @param maxPassTokens most tokens that go through the weights together; a longer step takes several passes
 * @param loadsTokenizer whether {@code tokenizer.json} is read where there is one; ids need none
 * @param allowedConfigKeys keys of {@code config.json} that are let pass though the family does not know them
 */
public record ModelOptions(@Nullable String kernels, ComputeChoice compute, WeightType weights, int numThreads,
        int maxPassTokens, boolean loadsTokenizer, Set<String> allowedConfigKeys) {
    public ModelOptions {
        allowedConfigKeys = Set.copyOf(allowedConfigKeys);
        requirePositive("numThreads", numThreads);
        requirePositive("maxPassTokens", maxPassTokens);
    }

    /** Fastest kernels, F32, weights as stored, all processors, passes of 512 tokens. */
    public static ModelOptions defaults() {
        return new ModelOptions(null, ComputeChoice.F32, WeightType.STORED,
                Runtime.getRuntime().availableProcessors(), 512, true, Set.of());
    }

    public ModelOptions withKernels(@Nullable String newKernels) {
        return new ModelOptions(newKernels, compute, weights, numThreads, maxPassTokens, loadsTokenizer,
                allowedConfigKeys);
    }

    public ModelOptions withCompute(ComputeChoice newCompute) {
        return new ModelOptions(kernels, newCompute, weights, numThreads, maxPassTokens, loadsTokenizer,
                allowedConfigKeys);
    }

    public ModelOptions withWeights(WeightType newWeights) {
        return new ModelOptions(kernels, compute, newWeights, numThreads, maxPassTokens, loadsTokenizer,
                allowedConfigKeys);
    }

    public ModelOptions withNumThreads(int newNumThreads) {
        return new ModelOptions(kernels, compute, weights, newNumThreads, maxPassTokens, loadsTokenizer,
                allowedConfigKeys);
    }

    public ModelOptions withMaxPassTokens(int newMaxPassTokens) {
        return new ModelOptions(kernels, compute, weights, numThreads, newMaxPassTokens, loadsTokenizer,
                allowedConfigKeys);
    }

    public ModelOptions withoutTokenizer() {
        return new ModelOptions(kernels, compute, weights, numThreads, maxPassTokens, false, allowedConfigKeys);
    }

    public ModelOptions withAllowedConfigKeys(Set<String> newAllowedConfigKeys) {
        return new ModelOptions(kernels, compute, weights, numThreads, maxPassTokens, loadsTokenizer,
                newAllowedConfigKeys);
    }

    private static void requirePositive(String name, int value) {
        if (value <= 0) {
            throw new IllegalArgumentException(name + ": " + value + ", must be positive");
        }
    }
}
