package io.github.pastkv.kernels;

/** The nonlinearity of a feed-forward block. */
public enum Activation {
    /** x / (1 + exp(-x)), also called swish. */
    SILU,
    /** 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), Hugging Face's {@code gelu_new}. */
    GELU_TANH,
    /** 0.5 x (1 + erf(x / sqrt(2))), Hugging Face's {@code gelu}. */
    GELU,
    /** max(x, 0). */
    RELU,
    /** max(x, 0)^2. */
    RELU_SQUARED,
    /** {@link Xielu}, which has trained numbers for each layer: not computed by {@link Kernels#activate}. */
    XIELU
}
