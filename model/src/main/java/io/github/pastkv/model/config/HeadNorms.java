package io.github.pastkv.model.config;

/** Kinds of query and key norms. */
public enum HeadNorms {
    /** None. */
    NONE,
    /** Each head by itself, all with the same weights {@code [D]}. */
    SHARED,
    /** Each head by itself, each with weights of its own, {@code [heads, D]}. */
    OWN,
    /** All heads of a token together, {@code [heads * D]}. */
    JOINT,
    /** Each head by itself, without weights, in layers with RoPE. */
    UNWEIGHTED
}
