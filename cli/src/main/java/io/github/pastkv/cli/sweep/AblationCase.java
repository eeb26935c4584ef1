package io.github.pastkv.cli.sweep;

import io.github.pastkv.lens.CachedRun;
import io.github.pastkv.lens.patching.ActivationMean;
import io.github.pastkv.lens.patching.Metric;
import io.github.pastkv.lens.patching.PatchGrid;
import io.github.pastkv.lens.patching.PatchSource;
import io.github.pastkv.lens.patching.PatchSweep;
import io.github.pastkv.lens.patching.PromptPair;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * A prompt from which activations are taken away.
 *
 * @param baseIds the prompt, {@code [T]}
 * @param set prompts of as many tokens whose mean is put in; none for zeros, one for that one's own activations
 */
@SuppressWarnings("ArrayRecordComponent") // ids as everywhere; nobody compares cases
record AblationCase(int[] baseIds, List<int[]> set, Ablation ablation, AnswerIds answers,
        MetricChoice metric) implements SweepCase {
    @Override
    public ObjectNode describe() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        AnsweredPair.addIds(json.putArray("tokens"), baseIds);
        ArrayNode others = json.putArray("set_tokens");
        set.forEach(ids -> AnsweredPair.addIds(others.addArray(), ids));
        answers.describe(json);
        return json;
    }

    /**
     * Where all prompts of a set begin as the base does, so do their activations and the mean of them. The last position is
     * run in any case.
     */
    @Override
    public int from() {
        return set.stream().mapToInt(ids -> Arrays.mismatch(ids, baseIds)).map(at -> at < 0 ? baseIds.length - 1 : at)
                .min().orElse(0);
    }

    @Override
    public Optional<PromptPair> paths() {
        return ablation == Ablation.RESAMPLE
                ? Optional.of(new PromptPair(baseIds, set.getFirst()))
                : Optional.empty();
    }

    @Override
    public String unpatched() {
        return PatchCase.CLEAN;
    }

    @Override
    public Baselines baselines(PatchSweep sweep) {
        float[] clean = sweep.baseLogits();
        float[] other = ablation == Ablation.RESAMPLE ? sweep.lastLogits(set.getFirst()) : clean;
        Metric of = metric.of(answers, clean, other);
        Map<String, Double> numbers = new LinkedHashMap<>();
        numbers.put(PatchCase.CLEAN, of.of(clean));
        if (ablation == Ablation.RESAMPLE) {
            numbers.put(PatchCase.CORRUPTED, of.of(other));
        }
        return new Baselines(of, numbers);
    }

    @Override
    public boolean withSource(PatchSweep sweep, PatchGrid grid, Predicate<PatchSource> run) {
        if (set.isEmpty()) {
            try (CachedRun shapes = sweep.sourceRun(baseIds, grid)) {
                return run.test(PatchSource.zeros(shapes.activations()));
            }
        }
        ActivationMean mean = new ActivationMean();
        for (int[] ids : set) {
            try (CachedRun source = sweep.sourceRun(ids, grid)) {
                mean.add(source.activations());
            }
        }
        return run.test(mean);
    }
}
