package io.github.pastkv.model.forward;

import io.github.pastkv.kernels.Compute;
import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.util.List;

/**
 * The contribution of each head of a layer to the residual stream: its part of the output projection, without the bias,
 * times the layer's block scale. For tokens whose results a hook changed, the attention output is the sum of the
 * results in ascending head order plus the scaled bias; for the others it is that of the projection. In families that
 * normalize the attention output, results are parts of what that norm reads.
 */
final class HeadResults {
    private final HookDispatcher dispatcher;
    private final Compute compute;
    private final ModelConfig config;

    HeadResults(HookDispatcher dispatcher, Compute compute, ModelConfig config) {
        this.dispatcher = dispatcher;
        this.compute = compute;
        this.config = config;
    }

    /**
     * Dispatches the results of a layer.
     *
     * @param projection the output projection as stored
     * @param attention {@code [n, H * valueDim]}
     * @param attentionOut {@code [n, E]}, the output of the projection, times the layer's factor
     */
    void dispatch(int layer, List<WeightMatrix> projection, Tensor attention, Tensor attentionOut) {
        if (!dispatcher.wants(HookPoint.RESULT, layer)) {
            return;
        }
        int numTokens = dispatcher.slots().numTokens();
        float blockScale = config.layer(layer).blockScale();
        Tensor results = results(projection, blockScale, attention.narrow(0, 0, numTokens),
                dispatcher.allocate(numTokens, (long) config.numHeads() * config.hiddenSize()));
        Tensor before = dispatcher.edits(HookPoint.RESULT, layer) ? results.copy() : results;
        dispatcher.rows(HookPoint.RESULT, layer, results);
        long tokenBytes = results.shape(1) * Float.BYTES;
        for (int token = 0; token < numTokens; token++) {
            if (before.segment().asSlice(token * tokenBytes, tokenBytes)
                    .mismatch(results.segment().asSlice(token * tokenBytes, tokenBytes)) >= 0) {
                addUp(results, projection, blockScale, attentionOut, token);
            }
        }
    }

    /**
     * Fills {@code results}, F32 {@code [n, H * E]}: each an fma chain over the head's dimensions ascending, times the
     * factor.
     */
    private Tensor results(List<WeightMatrix> projection, float blockScale, Tensor attention, Tensor results) {
        int firstOutput = 0;
        for (WeightMatrix part : projection) {
            float[] weight = part.weights(); // [outputs, H * valueDim]
            int outputs = Math.toIntExact(part.numOutputs());
            int first = firstOutput;
            compute.forTokens(Math.toIntExact(attention.shape(0)), config.numHeads() * config.hiddenSize(),
                    (from, to) -> {
                        for (int token = from; token < to; token++) {
                            ofToken(weight, blockScale, outputs, first, attention, results, token);
                        }
                    });
            firstOutput += outputs;
        }
        return results;
    }

    private void ofToken(float[] weight, float blockScale, int outputs, int firstOutput, Tensor attention,
            Tensor results, int token) {
        int headDim = config.valueDim();
        int width = config.numHeads() * headDim;
        float[] heads = attention.narrow(0, token, token + 1L).toFloatArray();
        for (int head = 0; head < config.numHeads(); head++) {
            long start = results.byteOffset(token, (long) head * config.hiddenSize() + firstOutput);
            for (int output = 0; output < outputs; output++) {
                float sum = 0f;
                for (int dim = head * headDim; dim < (head + 1) * headDim; dim++) {
                    sum = Math.fma(heads[dim], weight[output * width + dim], sum);
                }
                DataType.F32.write(results.segment(), start + 4L * output, blockScale * sum);
            }
        }
    }

    private void addUp(Tensor results, List<WeightMatrix> projection, float blockScale, Tensor attentionOut,
            int token) {
        int output = 0;
        for (WeightMatrix part : projection) {
            for (int i = 0; i < part.numOutputs(); i++, output++) {
                float sum = 0f;
                for (int head = 0; head < config.numHeads(); head++) {
                    sum += results.get(token, (long) head * config.hiddenSize() + output);
                }
                Tensor bias = part.bias();
                attentionOut.set(bias == null ? sum : sum + blockScale * bias.get(i), token, output);
            }
        }
    }
}
