package io.github.pastkv.model.config;

/**
 * The sizes that all parts of a model share.
 *
 * @param numLayers layers, L
 * @param hiddenSize width of the residual stream, E
 * @param vocabSize rows of the embedding, V
 * @param maxSeqLen the longest sequence, in tokens
 */
public record ModelSizes(int numLayers, int hiddenSize, int vocabSize, int maxSeqLen) {}
