package io.github.pastkv.cache;

import io.github.pastkv.tensor.LazyTensor;

/** Keys and values of one layer, of equal shape. */
public record KeysValues(LazyTensor keys, LazyTensor values) {}
