package io.github.pastkv.kernels.onednn;

/**
 * Where the numbers of one slice lie. The memory belongs to whoever made it.
 *
 * @param packedAddress weights in the library's layout
 * @param scalesAddress F32, one for each output, or 0
 * @param biasAddress F32, one for each output, or 0
 */
record SliceWeights(long packedAddress, long scalesAddress, long biasAddress) {}
