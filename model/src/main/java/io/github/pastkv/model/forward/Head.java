package io.github.pastkv.model.forward;

import io.github.pastkv.kernels.LinearWeights;
import io.github.pastkv.kernels.NormWeights;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.tensor.Tensor;

/** The language-model head: final norm, unembedding, scaling and soft cap of logits. */
final class Head {
    private final PassContext context;

    Head(PassContext context) {
        this.context = context;
    }

    /** Computes the logits of all tokens at the front of the buffers, into the pass's output. */
    void run(Tensor logits) {
        Workspace space = context.space;
        NormWeights finalNorm = context.weights.finalNorm();
        context.normalize(finalNorm, space.hidden, space.normed, NormHooks.FINAL);
        Tensor input = context.readAfter(finalNorm); // [n, E]
        context.runHooks(HookPoint.UNEMBED_IN, input);
        LinearWeights headIn = context.weights.headIn();
        if (headIn != null) {
            context.compute.linear(input, headIn, space.embedded, context.numTokens); // [n, width]
            input = space.embedded;
        }
        context.compute.linear(input, context.weights.head(), logits, context.numTokens); // [n, V]
        context.runHooks(HookPoint.UNEMBED_OUT, logits);
        float logitScale = context.config.head().logitScale();
        if (logitScale != 1f) {
            context.kernels.scale(logitScale, logits, context.config.vocabSize(), 0, context.numTokens);
        }
        float softCap = context.config.head().softCap();
        if (softCap != 0) {
            context.kernels.softCap(softCap, logits, context.config.vocabSize(), 0, context.numTokens);
        }
    }

    /** For hooks after the last layer, which get all tokens; copies the requested logits. */
    void runForAllTokens(StepHooks hooks, Tensor logits) {
        Tensor all = hooks.dispatcher().allocate(context.numTokens, context.config.vocabSize());
        run(all);
        for (int i = 0; i < context.pass.numLogits; i++) {
            int token = context.pass.logitTokens[i];
            logits.narrow(0, i, i + 1L).copyFrom(all.narrow(0, token, token + 1L));
        }
    }
}
