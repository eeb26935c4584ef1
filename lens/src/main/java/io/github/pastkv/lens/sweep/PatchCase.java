package io.github.pastkv.lens.sweep;

import io.github.pastkv.lens.CachedRun;
import io.github.pastkv.lens.patching.Metric;
import io.github.pastkv.lens.patching.MetricSpec;
import io.github.pastkv.lens.patching.PatchGrid;
import io.github.pastkv.lens.patching.PatchSource;
import io.github.pastkv.lens.patching.PatchSweep;
import io.github.pastkv.lens.patching.PromptPair;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Activation patching of a pair (Vig et al. 2020; Meng et al. 2022, "Locating and Editing Factual Associations in
 * GPT"): one prompt runs with activations of the other.
 *
 * @param pair the prompts
 * @param noising whether the clean prompt is patched with corrupted activations, rather than the other way round
 * @param metric of each run
 */
public record PatchCase(PromptPair pair, boolean noising, MetricSpec metric) implements SweepCase {
    public PatchCase {
        Objects.requireNonNull(pair, "pair: null");
        Objects.requireNonNull(metric, "metric: null");
    }

    @Override
    public int[] baseIds() {
        return noising ? pair.clean() : pair.corrupted();
    }

    private int[] sourceIds() {
        return noising ? pair.corrupted() : pair.clean();
    }

    @Override
    public int firstDifference() {
        return pair.firstDifference();
    }

    @Override
    public Optional<PromptPair> edgePair() {
        return Optional.of(new PromptPair(baseIds(), sourceIds()));
    }

    @Override
    public String unpatchedName() {
        return noising ? CLEAN : CORRUPTED;
    }

    @Override
    public Baselines baselines(PatchSweep sweep) {
        float[] sourceLogits = sweep.lastLogits(sourceIds());
        float[] clean = noising ? sweep.baseLogits() : sourceLogits;
        float[] corrupted = noising ? sourceLogits : sweep.baseLogits();
        Metric bound = metric.bind(clean, corrupted);
        Map<String, Double> values = new LinkedHashMap<>();
        values.put(CLEAN, bound.of(clean));
        values.put(CORRUPTED, bound.of(corrupted));
        return new Baselines(bound, values);
    }

    @Override
    public boolean withSource(PatchSweep sweep, PatchGrid grid, Predicate<PatchSource> run) {
        try (CachedRun source = sweep.sourceRun(sourceIds(), grid)) {
            return run.test(PatchSource.ofRun(source.activations()));
        }
    }
}
