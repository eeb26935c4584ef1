package io.github.pastkv.model.gguf;

import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.tensor.Tensor;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The projection from the latents of a layer to keys and values of all heads, {@code [H * (K + V), L]}, of two tensors:
 * {@code [H, L, K]} for keys and {@code [H, V, L]} for values.
 *
 * <p>Shapes: H heads, K numbers of a key without its rotary part, V of a value, L of a latent.
 */
final class JoinedLatents implements MadeTensor {
    private final PlacedTensor keys;
    private final PlacedTensor values;
    private final Function<PlacedTensor, float[]> reader;
    private @Nullable Tensor joined;

    private JoinedLatents(PlacedTensor keys, PlacedTensor values, Function<PlacedTensor, float[]> reader) {
        this.keys = keys;
        this.values = values;
        this.reader = reader;
    }

    /**
     * Joins the two.
     *
     * @param values null where the file lacks it
     * @param reader of the numbers of either
     * @throws ModelFormatException if one is missing or their shapes do not belong together
     */
    static JoinedLatents of(PlacedTensor keys, @Nullable PlacedTensor values, Function<PlacedTensor, float[]> reader)
            throws ModelFormatException {
        String keysName = "tensor " + keys.tensor().name();
        if (values == null) {
            throw new ModelFormatException(keys.file().path(), keysName + ": there is no attn_v_b of its layer");
        }
        List<Long> ofKeys = keys.shape();
        List<Long> ofValues = values.shape();
        if (ofKeys.size() != 3 || ofValues.size() != 3 || !ofKeys.getFirst().equals(ofValues.getFirst())
                || !ofKeys.get(1).equals(ofValues.get(2))) {
            throw new ModelFormatException(keys.file().path(), keysName + ": is " + keys.tensor().describe()
                    + ", which does not fit " + values.tensor().describe() + " of attn_v_b");
        }
        return new JoinedLatents(keys, values, reader);
    }

    @Override
    public List<Long> shape() {
        return List.of(keys.shape().getFirst() * (keys.shape().get(2) + values.shape().get(1)), keys.shape().get(1));
    }

    @Override
    public synchronized Tensor tensor() {
        if (joined == null) {
            joined = join();
        }
        return joined;
    }

    private Tensor join() {
        float[] ofKeys = reader.apply(keys);
        float[] ofValues = reader.apply(values);
        int numHeads = Math.toIntExact(keys.shape().getFirst());
        int latentDim = Math.toIntExact(keys.shape().get(1));
        int keyDim = Math.toIntExact(keys.shape().get(2));
        int valueDim = Math.toIntExact(values.shape().get(1));
        float[] all = new float[ofKeys.length + ofValues.length];
        for (int head = 0; head < numHeads; head++) {
            int first = head * (keyDim + valueDim) * latentDim;
            for (int i = 0; i < keyDim; i++) {
                for (int j = 0; j < latentDim; j++) {
                    all[first + i * latentDim + j] = ofKeys[(head * latentDim + j) * keyDim + i];
                }
            }
            System.arraycopy(ofValues, head * valueDim * latentDim, all, first + keyDim * latentDim,
                    valueDim * latentDim);
        }
        return Tensor.of(all, shape().getFirst(), latentDim);
    }

    @Override
    public boolean isFinite() {
        return keys.isFinite() && values.isFinite();
    }
}
