package io.github.pastkv.lens;

import io.github.pastkv.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * A token that may come next.
 *
 * @param tokenId the token
 * @param probability its softmax probability
 */
public record Prediction(int tokenId, double probability) {
    /**
     * The likeliest tokens of one distribution, best first; of equal logits the lower id comes first.
     *
     * @param logits {@code [V]}
     */
    public static List<Prediction> top(float[] logits, int topK) {
        int[] best = Tensor.of(logits, logits.length).topK(Math.min(topK, logits.length));
        double sum = 0;
        for (float logit : logits) {
            sum += StrictMath.exp((double) logit - logits[best[0]]);
        }
        List<Prediction> predictions = new ArrayList<>();
        for (int id : best) {
            predictions.add(new Prediction(id, StrictMath.exp((double) logits[id] - logits[best[0]]) / sum));
        }
        return List.copyOf(predictions);
    }
}
