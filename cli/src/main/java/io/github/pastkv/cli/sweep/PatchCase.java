package io.github.pastkv.cli.sweep;

import io.github.pastkv.lens.CachedRun;
import io.github.pastkv.lens.patching.Metric;
import io.github.pastkv.lens.patching.PatchGrid;
import io.github.pastkv.lens.patching.PatchSource;
import io.github.pastkv.lens.patching.PatchSweep;
import io.github.pastkv.lens.patching.PromptPair;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import tools.jackson.databind.node.ObjectNode;

/**
 * A pair of prompts: one is run, with activations of the other.
 *
 * @param noising whether it is the clean one that is run
 */
record PatchCase(AnsweredPair pair, boolean noising, MetricChoice metric) implements SweepCase {
    static final String CLEAN = "clean";
    static final String CORRUPTED = "corrupted";

    @Override
    public ObjectNode describe() {
        return pair.describe();
    }

    @Override
    public int[] baseIds() {
        return noising ? pair.prompts().clean() : pair.prompts().corrupted();
    }

    private int[] sourceIds() {
        return noising ? pair.prompts().corrupted() : pair.prompts().clean();
    }

    @Override
    public int from() {
        return pair.prompts().firstDifference();
    }

    @Override
    public Optional<PromptPair> paths() {
        return Optional.of(new PromptPair(baseIds(), sourceIds()));
    }

    @Override
    public String unpatched() {
        return noising ? CLEAN : CORRUPTED;
    }

    @Override
    public Baselines baselines(PatchSweep sweep) {
        float[] sourceLogits = sweep.lastLogits(sourceIds());
        float[] clean = noising ? sweep.baseLogits() : sourceLogits;
        float[] corrupted = noising ? sourceLogits : sweep.baseLogits();
        Metric of = metric.of(pair.answers(), clean, corrupted);
        Map<String, Double> numbers = new LinkedHashMap<>();
        numbers.put(CLEAN, of.of(clean));
        numbers.put(CORRUPTED, of.of(corrupted));
        return new Baselines(of, numbers);
    }

    @Override
    public boolean withSource(PatchSweep sweep, PatchGrid grid, Predicate<PatchSource> run) {
        try (CachedRun source = sweep.sourceRun(sourceIds(), grid)) {
            return run.test(PatchSource.ofRun(source.activations()));
        }
    }
}
