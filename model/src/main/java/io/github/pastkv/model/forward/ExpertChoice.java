package io.github.pastkv.model.forward;

import io.github.pastkv.kernels.ScalarMath;
import io.github.pastkv.model.config.RouterConfig;
import io.github.pastkv.model.config.RouterConfig.Groups;
import io.github.pastkv.model.config.RouterConfig.Normalization;
import io.github.pastkv.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Chooses and weights the experts of one token: a function of its router logits alone, in F32, all sums by ascending
 * index from 0.
 *
 * <ol>
 * <li>Each logit becomes a score ({@link RouterConfig.Scoring}).
 * <li>A correction is added to each score, for the choice only. Experts outside the groups kept become minus infinity.
 * <li>The experts with the highest numbers are chosen, the highest first; of equal ones, the lower index first.
 * <li>Their weights are their scores, then normalized, then scaled.
 * </ol>
 *
 * <p>For one thread.
 */
final class ExpertChoice {
    private final RouterConfig router;
    private final float[] correction; // [X], empty without one
    private final float[] logits; // [X]
    private final float[] scores; // [X]
    private final float[] ranked; // [X]: what the choice compares
    private final boolean[] taken; // [X]
    private final int[] chosen; // [k]
    private final float[] weights; // [k]

    ExpertChoice(RouterConfig router, int numExperts, @Nullable Tensor correction) {
        this.router = router;
        this.correction = correction == null ? new float[0] : correction.toFloatArray();
        this.logits = new float[numExperts];
        this.scores = new float[numExperts];
        this.ranked = new float[numExperts];
        this.taken = new boolean[numExperts];
        this.chosen = new int[router.numChosen()];
        this.weights = new float[router.numChosen()];
    }

    /** Chooses experts from the logits in row {@code token} of {@code allLogits}, {@code [n, X]}. */
    void choose(Tensor allLogits, int token) {
        for (int expert = 0; expert < logits.length; expert++) {
            logits[expert] = allLogits.get(token, expert);
        }
        if (router.scoring() instanceof RouterConfig.SparseMixer mixer) {
            mix(mixer.jitter());
        } else {
            score();
            rank();
            chooseBest();
            weigh();
        }
        normalizeAndScale();
    }

    /** The chosen experts, the best first, {@code [k]}. */
    int chosen(int i) {
        return chosen[i];
    }

    /** Their weights, {@code [k]}. */
    float weight(int i) {
        return weights[i];
    }

    private void score() {
        System.arraycopy(logits, 0, scores, 0, logits.length);
        switch (router.scoring()) {
            case RouterConfig.Softmax _ -> softmax(scores);
            case RouterConfig.Sigmoid _ -> sigmoid(scores);
            case RouterConfig.SoftmaxOfChosen _,RouterConfig.SigmoidOfChosen _,RouterConfig.SparseMixer _ -> {}
        }
    }

    private static void softmax(float[] numbers) {
        float max = Float.NEGATIVE_INFINITY;
        for (float number : numbers) {
            max = Math.max(max, number);
        }
        float sum = 0f;
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = ScalarMath.exp(numbers[i] - max);
            sum += numbers[i];
        }
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] /= sum;
        }
    }

    private static void sigmoid(float[] numbers) {
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = sigmoid(numbers[i]);
        }
    }

    /** 1 / (1 + exp(-x)). */
    static float sigmoid(float x) {
        return 1f / (1f + ScalarMath.exp(-x));
    }

    private void rank() {
        for (int expert = 0; expert < ranked.length; expert++) {
            ranked[expert] = correction.length == 0 ? scores[expert] : scores[expert] + correction[expert];
        }
        Groups groups = router.choice().groups();
        if (groups != null) {
            RouterGroups.drop(groups, ranked);
        }
    }

    private void chooseBest() {
        Arrays.fill(taken, false);
        for (int i = 0; i < chosen.length; i++) {
            chosen[i] = RouterGroups.takeBest(ranked, taken);
        }
    }

    private void weigh() {
        for (int i = 0; i < chosen.length; i++) {
            weights[i] = scores[chosen[i]];
        }
        switch (router.scoring()) {
            case RouterConfig.SoftmaxOfChosen _ -> softmax(weights);
            case RouterConfig.SigmoidOfChosen _ -> sigmoid(weights);
            case RouterConfig.Softmax _,RouterConfig.Sigmoid _,RouterConfig.SparseMixer _ -> {}
        }
    }

    /** The experts and weights of {@link RouterConfig.SparseMixer}. */
    private void mix(float jitter) {
        System.arraycopy(logits, 0, ranked, 0, logits.length);
        Arrays.fill(taken, false);
        for (int i = 0; i < chosen.length; i++) {
            chosen[i] = RouterGroups.takeBest(ranked, taken);
            float max = logits[chosen[i]];
            for (int expert = 0; expert < scores.length; expert++) {
                float distance = (max - logits[expert]) / Math.max(Math.abs(logits[expert]), max);
                scores[expert] = distance > 2 * jitter ? Float.NEGATIVE_INFINITY : ranked[expert];
            }
            softmax(scores);
            weights[i] = scores[chosen[i]];
            ranked[chosen[i]] = Float.NEGATIVE_INFINITY;
        }
    }

    private void normalizeAndScale() {
        Normalization normalization = router.normalization();
        if (normalization != null) {
            float sum = 0f;
            for (float weight : weights) {
                sum += weight;
            }
            float divisor = Math.max(sum + normalization.added(), normalization.least());
            for (int i = 0; i < weights.length; i++) {
                weights[i] /= divisor;
            }
        }
        for (int i = 0; i < weights.length; i++) {
            weights[i] *= router.scale();
        }
    }
}
