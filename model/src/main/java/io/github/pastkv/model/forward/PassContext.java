package io.github.pastkv.model.forward;

import io.github.pastkv.kernels.Compute;
import io.github.pastkv.kernels.Compute.TokenRange;
import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.NormWeights;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * State shared by the blocks of a forward pass: configuration, weights, kernels, buffers, and the current pass. Owns
 * the buffers and the compute threads.
 */
final class PassContext implements AutoCloseable {
    private static final int FIRST_WORKSPACE_TOKENS = 16;
    /** Buffers of fewer tokens double when they grow. */
    private static final int MAX_DOUBLED_TOKENS = 256;

    final ModelConfig config;
    final ModelWeights weights;
    final Compute compute;
    final Kernels kernels;
    private final TokenRange normalizeTokens = this::normalizeTokens;

    Workspace space;
    Pass pass;
    int layer;
    /**
     * Tokens at the front of the buffers: all of the pass, or from the last layer on those whose logits are asked for.
     */
    int numTokens;
    @Nullable StepHooks hooks;

    private NormWeights norm;
    private Tensor normIn;
    private Tensor normOut;

    @SuppressWarnings("NullAway.Init") // the pass and the operands of a norm are arguments of what is under way
    PassContext(ModelConfig config, ModelWeights weights, Compute compute) {
        this.config = config;
        this.weights = weights;
        this.compute = compute;
        this.kernels = compute.kernels();
        this.space = new Workspace(config, FIRST_WORKSPACE_TOKENS);
    }

    /** Prepares buffers and token positions for a pass. */
    void begin(Pass newPass) {
        pass = newPass;
        numTokens = newPass.rows.numTokens();
        growWorkspace();
        for (int token = 0; token < numTokens; token++) {
            space.positions[token] = newPass.rows.position(token);
        }
        for (int row = 0; row < newPass.rows.numRows(); row++) {
            newPass.ropes[row].prepare(newPass.rows.kvLength(row));
        }
    }

    private void growWorkspace() {
        if (space.maxTokens < numTokens) {
            int grownTokens = numTokens > MAX_DOUBLED_TOKENS ? numTokens : Math.max(numTokens, 2 * space.maxTokens);
            Workspace grown = new Workspace(config, grownTokens);
            space.close();
            space = grown;
        }
    }

    /** Scale of the outputs of the layer's blocks. */
    float blockScale() {
        return config.layer(layer).blockScale();
    }

    LayerWeights layerWeights() {
        return weights.layers().get(layer);
    }

    /** Runs an operation over the tokens at the front of the buffers. */
    void forTokens(int widthPerToken, TokenRange operation) {
        compute.forTokens(numTokens, widthPerToken, operation);
    }

    /** Runs the hooks of a point on the rows of the pass's tokens. */
    void runHooks(HookPoint point, Tensor rows) {
        if (hooks != null) {
            hooks.dispatcher().rows(point, layer, rows);
        }
    }

    /** y = norm(x), in stages if an intermediate result is hooked; does nothing without a norm. */
    void normalize(@Nullable NormWeights weight, Tensor x, Tensor y, NormHooks points) {
        if (weight == null) {
            return;
        }
        if (hooks != null && hooks.dispatcher().wantsAny(layer, points.scale(), points.normalized())) {
            hooks.norms().normalize(weight, x, y, points, layer);
            return;
        }
        norm = weight;
        normIn = x;
        normOut = y;
        forTokens(config.hiddenSize(), normalizeTokens);
    }

    private void normalizeTokens(int from, int to) {
        kernels.normalize(norm, normIn, normOut, from, to);
    }

    /** The input of a block after an optional norm. */
    Tensor readAfter(@Nullable NormWeights weight) {
        return weight == null ? space.hidden : space.normed;
    }

    /** Moves the rows of the tokens whose logits are requested to the front of a buffer. */
    void moveLogitTokensToFront(Tensor buffer) {
        long rowBytes = buffer.shape(1) * Float.BYTES;
        MemorySegment rows = buffer.segment();
        for (int i = 0; i < pass.numLogits; i++) {
            MemorySegment.copy(rows, pass.logitTokens[i] * rowBytes, rows, i * rowBytes, rowBytes);
        }
    }

    @Override
    public void close() {
        compute.close();
        space.close();
    }
}
