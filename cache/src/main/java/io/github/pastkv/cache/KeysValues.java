package io.github.pastkv.cache;

/** Keys and values of one layer, of equal shape. */
public record KeysValues(LazyTensor keys, LazyTensor values) {}
