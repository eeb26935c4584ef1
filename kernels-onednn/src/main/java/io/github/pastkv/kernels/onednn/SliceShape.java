package io.github.pastkv.kernels.onednn;

/**
 * The shape of a slice of a linear layer, for the library.
 *
 * @param kind what is multiplied
 * @param numInputs K
 * @param numOutputs outputs of the slice
 * @param layerOutputs outputs of the whole layer: usually the numbers between rows of the result
 * @param isBiased whether a bias is added
 */
record SliceShape(NumberKind kind, int numInputs, int numOutputs, int layerOutputs, boolean isBiased) {}
