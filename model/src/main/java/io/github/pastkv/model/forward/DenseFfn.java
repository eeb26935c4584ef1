package io.github.pastkv.model.forward;

import io.github.pastkv.kernels.ClampedSwiglu;
import io.github.pastkv.kernels.Compute.TokenRange;
import io.github.pastkv.kernels.Xielu;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.tensor.Tensor;

/** One feed-forward block: y = down(activation(gate(x)) * up(x)), or y = down(activation(up(x))) without a gate. */
final class DenseFfn {
    private final PassContext context;
    private final TokenRange activate = this::activateTokens;
    private FfnWeights.Dense weights;
    private FfnBuffers inner;

    @SuppressWarnings("NullAway.Init") // arguments of the run under way
    DenseFfn(PassContext context) {
        this.context = context;
    }

    /** Runs the block of a layer over the tokens of the pass, with its hooks. */
    void runWithHooks(Tensor x, FfnWeights.Dense newWeights, FfnBuffers buffers, Tensor y) {
        use(newWeights, buffers);
        context.compute.linear(x, weights.up(), inner.all(), context.numTokens); // [n, F] or [n, 2F]
        context.runHooks(HookPoint.MLP_PRE, inner.gate());
        context.runHooks(HookPoint.MLP_PRE_LINEAR, inner.up());
        context.forTokens(inner.ffnSize(), activate); // gate [n, F]
        context.runHooks(HookPoint.MLP_POST, inner.gate());
        context.compute.linear(inner.gate(), weights.down(), y, context.numTokens); // [n, E]
    }

    /** Runs a block over {@code numTokens} rows of x. */
    void run(Tensor x, FfnWeights.Dense newWeights, FfnBuffers buffers, Tensor y, int numTokens) {
        use(newWeights, buffers);
        context.compute.linear(x, weights.up(), inner.all(), numTokens);
        context.compute.forTokens(numTokens, inner.ffnSize(), activate);
        context.compute.linear(inner.gate(), weights.down(), y, numTokens);
    }

    private void use(FfnWeights.Dense newWeights, FfnBuffers buffers) {
        weights = newWeights;
        inner = buffers;
    }

    private void activateTokens(int from, int to) {
        Xielu xielu = weights.xielu();
        ClampedSwiglu swiglu = weights.swiglu();
        if (swiglu != null) {
            context.kernels.clampedSwiglu(swiglu, inner.gate(), inner.up(), inner.ffnSize(), from, to);
        } else if (xielu != null) {
            context.kernels.xielu(xielu, inner.gate(), inner.ffnSize(), from, to);
        } else if (context.config.gatedFfn()) {
            context.kernels.gatedActivation(context.config.activation(), inner.gate(), inner.up(), inner.ffnSize(),
                    from, to);
        } else {
            context.kernels.activate(context.config.activation(), inner.gate(), inner.ffnSize(), from, to);
        }
    }
}
