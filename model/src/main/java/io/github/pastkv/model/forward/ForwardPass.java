package io.github.pastkv.model.forward;

import io.github.pastkv.cache.KvStep;
import io.github.pastkv.kernels.Compute;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.hooks.HookCatalog;
import io.github.pastkv.model.hooks.Probe;
import io.github.pastkv.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The transformer, from token ids to logits, for every family: families differ only in their {@link ModelConfig} and
 * their weights. A pass reads each weight once, whatever the number of rows and tokens, and no bit of a row's result
 * depends on the other rows of the pass.
 *
 * <p>For one thread at a time: {@code model.engine} batches the steps of concurrent sessions into passes. Owns its
 * buffers and compute threads until {@link #close}; buffers grow to the largest pass.
 */
public final class ForwardPass implements AutoCloseable {
    private final HookCatalog catalog;
    private final PassContext context;
    private final Embedding embedding;
    private final AttentionBlock attention;
    private final FfnBlock ffn;
    private final Head head;
    private final ModelTensors tensors;
    private final Runnable requireWhole;

    /**
     * A forward pass over {@code weights}, which it does not own.
     *
     * @param catalog the hook points and the configuration
     * @param tensors the weights as stored, for hooks that need single heads of them
     * @param compute kernels and threads, owned from now on
     */
    public ForwardPass(HookCatalog catalog, ModelTensors tensors, ModelWeights weights, Compute compute) {
        this(catalog, tensors, weights, compute, () -> {});
    }

    /**
     * The same over weights whose files may be changed while they are mapped.
     *
     * @param requireWhole throws if a file has been changed; called after each pass, which may have read other numbers
     *        or failed because of it
     */
    public ForwardPass(HookCatalog catalog, ModelTensors tensors, ModelWeights weights, Compute compute,
            Runnable requireWhole) {
        this.requireWhole = requireWhole;
        this.tensors = tensors;
        this.catalog = catalog;
        this.context = new PassContext(catalog.config(), weights, compute);
        this.embedding = new Embedding(context);
        this.attention = new AttentionBlock(context, tensors);
        this.ffn = new FfnBlock(context);
        this.head = new Head(context);
    }

    /**
     * Computes a pass: writes keys and values into its rows, and its logits or residual stream into its output.
     *
     * @throws IllegalStateException if a number is beyond the range of F32, unless a probe edits the pass
     */
    public void run(Pass pass) {
        if (pass.rows.numTokens() == 0) {
            return;
        }
        context.begin(pass);
        try (StepHooks hooks = hooksOf(pass)) {
            context.hooks = hooks;
            runLayers(pass);
            requireWhole.run();
        } catch (InternalError e) { // thrown by reads beyond the end of a mapped file
            requireWhole.run();
            throw e;
        } finally {
            context.hooks = null;
        }
    }

    private @Nullable StepHooks hooksOf(Pass pass) {
        Probe probe = pass.probe;
        return probe == null ? null : StepHooks.of(catalog, tensors, probe, (KvStep) pass.rows, context.compute);
    }

    private void runLayers(Pass pass) {
        int numLayers = context.config.numLayers();
        FiniteNumbers check = new FiniteNumbers(pass.probe == null || !pass.probe.edits());
        embedding.run(); // hidden [T, E]
        check.requireResidual("the embedding", context.space.hidden, context.numTokens);
        for (int layer = pass.startLayer; layer < Math.min(pass.stopLayer, numLayers); layer++) {
            context.layer = layer;
            if (layer == numLayers - 1 && pass.logits != null && context.hooks == null) {
                attention.runForLogits(); // hidden [numLogits, E]
            } else {
                attention.run();
            }
            if (context.numTokens > 0) {
                ffn.run();
            }
            check.requireResidual(layer, context.space.hidden, context.numTokens);
        }
        finish(pass);
        check.requireLogits(pass.logits, pass.numLogits);
    }

    private void finish(Pass pass) {
        if (pass.residualOut != null) {
            pass.residualOut.copyFrom(context.space.hidden.narrow(0, 0, context.numTokens));
        }
        Tensor logits = pass.logits;
        if (logits == null) {
            return;
        }
        if (context.hooks != null && context.hooks.wantsHead()) {
            head.runForAllTokens(context.hooks, logits);
            return;
        }
        boolean runsLastLayerForLogits = context.hooks == null && pass.startLayer < context.config.numLayers();
        if (!runsLastLayerForLogits) {
            context.moveLogitTokensToFront(context.space.hidden);
            context.numTokens = pass.numLogits;
        }
        if (context.numTokens > 0) {
            head.run(logits);
        }
    }

    /** Frees the buffers and ends the threads. */
    @Override
    public void close() {
        context.close();
    }
}
