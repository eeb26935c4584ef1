package io.github.pastkv.model.forward;

import io.github.pastkv.kernels.Compute;
import io.github.pastkv.kernels.NormWeights;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The residual stream as each head of a layer reads it. Heads whose input a hook changed are recomputed from it (norm
 * and projection), one by one; the others stay unchanged. From {@code hook_attn_in} a kv head reads the input of the
 * first query head of its group.
 */
final class HeadInputs {
    private final HookDispatcher dispatcher;
    private final Compute compute;
    private final ModelConfig config;
    private @Nullable Tensor stream;
    private @Nullable Tensor queryInputs; // [n, H * E], where a hook may have changed it
    private @Nullable Tensor keyInputs; // [n, K * E]
    private @Nullable Tensor valueInputs; // [n, K * E]

    HeadInputs(HookDispatcher dispatcher, Compute compute, ModelConfig config) {
        this.dispatcher = dispatcher;
        this.compute = compute;
        this.config = config;
    }

    /** Dispatches the inputs of a layer's heads, taken from {@code hidden}, {@code [n, E]}. */
    void dispatch(int layer, Tensor hidden) {
        stream = hidden.narrow(0, 0, dispatcher.slots().numTokens());
        int heads = config.numHeads();
        int kvHeads = config.numKvHeads();
        Tensor all = seen(HookPoint.ATTN_IN, layer, stream, heads, null);
        queryInputs = seen(HookPoint.Q_INPUT, layer, stream, heads, all);
        Tensor first = all == null ? null : firstOfGroups(all);
        keyInputs = seen(HookPoint.K_INPUT, layer, stream, kvHeads, first);
        valueInputs = seen(HookPoint.V_INPUT, layer, stream, kvHeads, first);
    }

    /**
     * A copy of the stream, or of {@code before}, for each head, after the hook; {@code before} itself if not hooked.
     */
    private @Nullable Tensor seen(HookPoint point, int layer, Tensor from, int numHeads, @Nullable Tensor before) {
        if (!dispatcher.wants(point, layer)) {
            return before;
        }
        Tensor inputs = dispatcher.allocate(from.shape(0), (long) numHeads * config.hiddenSize());
        for (int head = 0; head < numHeads; head++) {
            part(inputs, head, config.hiddenSize())
                    .copyFrom(before == null ? from : part(before, head, config.hiddenSize()));
        }
        dispatcher.rows(point, layer, inputs);
        return dispatcher.edits(point, layer) || before != null ? inputs : null;
    }

    private Tensor firstOfGroups(Tensor inputs) {
        Tensor first = dispatcher.allocate(inputs.shape(0), (long) config.numKvHeads() * config.hiddenSize());
        for (int head = 0; head < config.numKvHeads(); head++) {
            part(first, head, config.hiddenSize())
                    .copyFrom(part(inputs, head * config.numHeads() / config.numKvHeads(), config.hiddenSize()));
        }
        return first;
    }

    private static Tensor part(Tensor rows, int head, int width) {
        return rows.narrow(1, (long) head * width, (head + 1L) * width);
    }

    /** Writes queries, keys and values of heads with a changed input to {@code qkv}, {@code [n, (H + 2K) * D]}. */
    void apply(LayerWeights weights, Tensor qkv) {
        int heads = config.numHeads();
        int kvHeads = config.numKvHeads();
        applyTo(queryInputs, heads, 0, weights, qkv);
        applyTo(keyInputs, kvHeads, heads, weights, qkv);
        applyTo(valueInputs, kvHeads, heads + kvHeads, weights, qkv);
    }

    private void applyTo(@Nullable Tensor inputs, int numHeads, int firstHead, LayerWeights weights, Tensor qkv) {
        for (int head = 0; inputs != null && head < numHeads; head++) {
            Tensor input = dispatcher.allocate(inputs.shape(0), config.hiddenSize());
            input.copyFrom(part(inputs, head, config.hiddenSize()));
            if (!sameBits(input)) {
                part(qkv.narrow(0, 0, input.shape(0)), firstHead + head, config.headDim())
                        .copyFrom(part(projected(input, weights, qkv.shape(1)), firstHead + head, config.headDim()));
            }
        }
    }

    private boolean sameBits(Tensor input) {
        Tensor read = dispatcher.allocate(input.shape());
        if (stream != null) {
            read.copyFrom(stream);
        }
        return read.segment().mismatch(input.segment()) < 0;
    }

    private Tensor projected(Tensor input, LayerWeights weights, long width) {
        int numTokens = Math.toIntExact(input.shape(0));
        NormWeights norm = weights.attentionNorms().before();
        if (norm != null) {
            compute.forTokens(numTokens, config.hiddenSize(),
                    (from, to) -> compute.kernels().normalize(norm, input, input, from, to));
        }
        Tensor projected = dispatcher.allocate(numTokens, width);
        compute.linear(input, weights.qkv(), projected, numTokens);
        return projected;
    }
}
