package io.github.pastkv.lens.sweep;

import io.github.pastkv.lens.CachedRun;
import io.github.pastkv.lens.patching.ActivationMean;
import io.github.pastkv.lens.patching.Metric;
import io.github.pastkv.lens.patching.MetricSpec;
import io.github.pastkv.lens.patching.PatchGrid;
import io.github.pastkv.lens.patching.PatchSource;
import io.github.pastkv.lens.patching.PatchSweep;
import io.github.pastkv.lens.patching.PromptPair;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Ablation of a prompt: each run replaces one activation by zeros, by its mean over a set of prompts, or by another
 * prompt's.
 *
 * @param baseIds the prompt, {@code [T]}
 * @param kind what replaces an activation
 * @param references prompts of as many tokens: none for zeros, at least one for a mean, one to resample from
 * @param metric of each run
 */
@SuppressWarnings("ArrayRecordComponent") // ids as everywhere; compared by their JSON
public record AblationCase(int[] baseIds, Kind kind, List<int[]> references, MetricSpec metric) implements SweepCase {
    /** What replaces an activation. */
    public enum Kind {
        /** Zeros. */
        ZERO,
        /** The mean over a set of prompts. */
        MEAN,
        /** The activation in the run of another prompt. */
        RESAMPLE;

        /** The name in files: {@code zero}, {@code mean}, {@code resample}. */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public AblationCase {
        Objects.requireNonNull(baseIds, "baseIds: null");
        Objects.requireNonNull(kind, "kind: null");
        Objects.requireNonNull(metric, "metric: null");
        references = List.copyOf(references);
        int most = kind == Kind.ZERO ? 0 : kind == Kind.RESAMPLE ? 1 : Integer.MAX_VALUE;
        if (references.size() > most || (kind != Kind.ZERO && references.isEmpty())) {
            throw new IllegalArgumentException("references: " + references.size() + " prompts for a " + kind
                    + " ablation, must be " + (most == Integer.MAX_VALUE ? "at least 1" : String.valueOf(most)));
        }
        for (int[] ids : references) {
            if (ids.length != baseIds.length) {
                throw new IllegalArgumentException("references: " + ids.length + " tokens, the prompt has "
                        + baseIds.length + "; activations are replaced position by position");
            }
        }
    }

    /**
     * Where all references begin as the base does, so do their activations and the mean of them. The last position
     * always runs.
     */
    @Override
    public int firstDifference() {
        return references.stream().mapToInt(ids -> Arrays.mismatch(ids, baseIds))
                .map(at -> at < 0 ? baseIds.length - 1 : at).min().orElse(0);
    }

    @Override
    public Optional<PromptPair> edgePair() {
        return kind == Kind.RESAMPLE
                ? Optional.of(new PromptPair(baseIds, references.getFirst()))
                : Optional.empty();
    }

    @Override
    public String unpatchedName() {
        return CLEAN;
    }

    @Override
    public Baselines baselines(PatchSweep sweep) {
        float[] clean = sweep.baseLogits();
        float[] other = kind == Kind.RESAMPLE ? sweep.lastLogits(references.getFirst()) : clean;
        Metric bound = metric.bind(clean, other);
        Map<String, Double> values = new LinkedHashMap<>();
        values.put(CLEAN, bound.of(clean));
        if (kind == Kind.RESAMPLE) {
            values.put(CORRUPTED, bound.of(other));
        }
        return new Baselines(bound, values);
    }

    @Override
    public boolean withSource(PatchSweep sweep, PatchGrid grid, Predicate<PatchSource> run) {
        if (kind == Kind.ZERO) {
            try (CachedRun shapes = sweep.sourceRun(baseIds, grid)) {
                return run.test(PatchSource.zeros(shapes.activations()));
            }
        }
        return run.test(meanOfReferences(sweep, grid));
    }

    private ActivationMean meanOfReferences(PatchSweep sweep, PatchGrid grid) {
        ActivationMean mean = new ActivationMean();
        for (int[] ids : references) {
            try (CachedRun source = sweep.sourceRun(ids, grid)) {
                mean.add(source.activations());
            }
        }
        return mean;
    }
}
