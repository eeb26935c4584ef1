package io.github.pastkv.lens;

import io.github.pastkv.model.Model;
import io.github.pastkv.model.engine.StepInput;
import io.github.pastkv.model.hooks.HookFilter;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.tensor.Tensor;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Direct logit attribution (Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits"): the contribution
 * of each head, feed-forward block and embedding to a logit, or to the difference of two, through the final norm only,
 * with its scale from the run. Immutable.
 *
 * @param components in the order of the run, heads first: {@code L2H5}, {@code 3_mlp_out}, {@code embed}, {@code bias}
 * @param total the logit, or the difference of two
 */
public record LogitAttribution(List<Component> components, double total) {
    private static final Set<HookPoint> POINTS = Set.of(HookPoint.EMBED, HookPoint.POS_EMBED, HookPoint.Z,
            HookPoint.MLP_OUT, HookPoint.LN_FINAL_SCALE);

    /**
     * A part of the model.
     *
     * @param label as {@link Residuals} names it
     * @param value what it adds to the logit
     */
    public record Component(String label, double value) {}

    /**
     * Runs a prompt and attributes a logit at one position.
     *
     * @param answer the token whose logit it is
     * @param wrong the token whose logit is subtracted, or none
     * @param position the position whose prediction it is
     * @throws IllegalArgumentException for a position or token that there is not, or a family whose residual stream is
     *         no sum of what its parts add
     */
    public static LogitAttribution of(Model model, int[] tokenIds, int answer, OptionalInt wrong, int position) {
        if (position < 0 || position >= tokenIds.length) {
            throw new IllegalArgumentException("position: " + position + ", the prompt has " + tokenIds.length);
        }
        Capture capture = Capture.of(HookFilter.where(name -> POINTS.contains(name.point())));
        try (CachedRun run = new Lens(model).runWithCache(StepInput.tokens(tokenIds), capture)) {
            Residuals residuals = new Residuals(model, run.activations());
            ResidualStack stack = residuals.fullDecomposition(model.config().numLayers());
            Tensor values = wrong.isPresent()
                    ? residuals.logitAttribution(stack, answer, wrong.getAsInt())
                    : residuals.logitAttribution(stack, answer);
            double total = run.logits().get(0, position, answer)
                    - (wrong.isPresent() ? run.logits().get(0, position, wrong.getAsInt()) : 0.0);
            return new LogitAttribution(IntStream.range(0, stack.labels().size())
                    .mapToObj(i -> new Component(stack.labels().get(i), values.get(i, 0, position))).toList(), total);
        }
    }

    /** The rest: the biases of the final norm and of the unembedding, and rounding. */
    public double rest() {
        return total - components.stream().mapToDouble(Component::value).sum();
    }

    /** Components by the magnitude of their contribution, largest first. */
    public List<Component> strongest(int maxComponents) {
        return components.stream().sorted(Comparator.comparingDouble(each -> -Math.abs(each.value())))
                .limit(maxComponents).toList();
    }

    /** What a component adds. */
    public double valueOf(String label) {
        return components.stream().filter(each -> each.label().equals(label)).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("label: '" + label + "' is no component")).value();
    }
}
