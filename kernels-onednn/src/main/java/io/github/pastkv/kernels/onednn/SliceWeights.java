package io.github.pastkv.kernels.onednn;

/**
 * Addresses of the weights of one slice. The memory belongs to the creator.
 *
 * @param packedAddress weights in the library's layout
 * @param scalesAddress F32, one for each output, or 0
 * @param biasAddress F32, one for each output, or 0
 */
record SliceWeights(long packedAddress, long scalesAddress, long biasAddress) {}
