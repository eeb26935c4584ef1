package io.github.pastkv.model.forward;

import io.github.pastkv.kernels.Compute.TokenRange;
import io.github.pastkv.kernels.NormWeights;
import io.github.pastkv.model.family.BlockNorms;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.tensor.Tensor;

/** The feed-forward block of one layer: reads the residual stream and adds its output to it. */
final class FfnBlock {
    private final PassContext context;
    private final DenseFfn ffn;
    private final ExpertsFfn experts;
    private final TokenRange scaleOutput = this::scaleOutputOfTokens;
    private final TokenRange addShortcut = this::addShortcut;
    private final TokenRange addToStream = this::addToStream;

    FfnBlock(PassContext context) {
        this.context = context;
        this.ffn = new DenseFfn(context);
        this.experts = new ExpertsFfn(context, ffn);
    }

    void run() {
        Workspace space = context.space;
        LayerWeights weights = context.layerWeights();
        BlockNorms<NormWeights> norms = weights.ffnNorms();
        context.normalize(norms.ofStream(), space.hidden, space.hidden, NormHooks.LN2);
        context.runHooks(HookPoint.RESID_MID, space.hidden);
        Tensor input = context.hooks == null ? space.hidden : context.hooks.ffnInput(context.layer, space.hidden);
        context.normalize(norms.before(), input, space.normed, NormHooks.LN2); // normed [n, E]
        runFfn(norms.before() == null ? input : space.normed);
        context.normalize(norms.after(), space.ffnOut, space.ffnOut,
                norms.before() == null ? NormHooks.LN2 : NormHooks.LN2_POST);
        if (context.blockScale() != 1f) {
            context.forTokens(context.config.hiddenSize(), scaleOutput);
        }
        if (context.config.endsShortcut(context.layer)) {
            context.forTokens(context.config.hiddenSize(), addShortcut);
        }
        context.runHooks(HookPoint.MLP_OUT, space.ffnOut);
        context.forTokens(context.config.hiddenSize(), addToStream);
        context.runHooks(HookPoint.RESID_POST, space.hidden);
    }

    /** To ffnOut [n, E]. */
    private void runFfn(Tensor read) {
        switch (context.layerWeights().ffn()) {
            case FfnWeights.Dense dense -> runDense(read, dense);
            case FfnWeights.Experts layer -> experts.run(read, layer, context.space.ffnOut);
            case FfnWeights.Shortcut both -> {
                experts.run(read, both.mixture(), context.space.shortcut());
                context.runHooks(HookPoint.SHORTCUT_OUT, context.space.shortcut());
                runDense(read, both.dense());
            }
        }
    }

    private void runDense(Tensor read, FfnWeights.Dense dense) {
        ffn.runWithHooks(read, dense, context.space.ffn, context.space.ffnOut);
    }

    private void scaleOutputOfTokens(int from, int to) {
        context.kernels.scale(context.blockScale(), context.space.ffnOut, context.config.hiddenSize(), from, to);
    }

    private void addShortcut(int from, int to) {
        context.kernels.add(context.space.ffnOut, context.space.shortcut(), context.config.hiddenSize(), from, to);
    }

    /** In serial and parallel residuals alike, the output of attention is added first. */
    private void addToStream(int from, int to) {
        Workspace space = context.space;
        if (context.config.parallelResidual()) {
            context.kernels.add(space.hidden, space.attentionOut, context.config.hiddenSize(), from, to);
        }
        context.kernels.add(space.hidden, space.ffnOut, context.config.hiddenSize(), from, to);
    }
}
