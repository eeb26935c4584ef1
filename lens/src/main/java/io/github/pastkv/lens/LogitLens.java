package io.github.pastkv.lens;

import io.github.pastkv.model.Model;
import io.github.pastkv.model.engine.StepInput;
import io.github.pastkv.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * The logit lens (nostalgebraist 2020, "interpreting GPT: the logit lens"): the final norm and the head applied to the
 * residual stream before each layer, to read which token the model would predict there. Immutable.
 *
 * @param layers what each row is: the embedding, then each layer
 * @param predictions {@code [layer][position]}: the likeliest next tokens, best first
 */
public record LogitLens(List<String> layers, List<List<List<Prediction>>> predictions) {
    /**
     * Runs a prompt once, and the head over the stream before each layer.
     *
     * @param topK how many tokens are kept at each position
     */
    public static LogitLens of(Model model, int[] tokenIds, int topK) {
        if (topK < 1 || topK > model.config().vocabSize()) {
            throw new IllegalArgumentException(
                    "topK: " + topK + ", must be in [1, " + model.config().vocabSize() + "]");
        }
        Lens lens = new Lens(model);
        int numLayers = model.config().numLayers();
        try (CachedRun run = lens.runWithCache(StepInput.tokens(tokenIds),
                Capture.of("blocks.*.hook_resid_pre", "blocks." + (numLayers - 1) + ".hook_resid_post"))) {
            ResidualStack states = new Residuals(model, run.activations()).accumulated(numLayers, false);
            List<String> names = new ArrayList<>();
            List<List<List<Prediction>>> predictions = new ArrayList<>();
            for (int layer = 0; layer <= numLayers; layer++) {
                names.add(layer == 0 ? "embedding" : "layer " + (layer - 1));
                predictions.add(predictions(lens.run(StepInput.residual(states.get(layer), numLayers)).logits(), topK));
            }
            return new LogitLens(List.copyOf(names), List.copyOf(predictions));
        }
    }

    /** Of logits {@code [1, N, V]}. */
    private static List<List<Prediction>> predictions(Tensor logits, int topK) {
        List<List<Prediction>> positions = new ArrayList<>();
        for (long position = 0; position < logits.shape(1); position++) {
            positions.add(Prediction.top(logits.narrow(1, position, position + 1).toFloatArray(), topK));
        }
        return List.copyOf(positions);
    }
}
