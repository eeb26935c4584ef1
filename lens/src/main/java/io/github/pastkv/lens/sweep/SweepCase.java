package io.github.pastkv.lens.sweep;

import io.github.pastkv.lens.patching.Metric;
import io.github.pastkv.lens.patching.MetricSpec;
import io.github.pastkv.lens.patching.PatchGrid;
import io.github.pastkv.lens.patching.PatchSource;
import io.github.pastkv.lens.patching.PatchSweep;
import io.github.pastkv.lens.patching.PromptPair;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** A prompt, the activations that replace its own, and the metric. Data only: equal cases give equal numbers. */
public sealed interface SweepCase permits PatchCase, AblationCase {
    /** Baseline of the prompt with the behavior. */
    String CLEAN = "clean";
    /** Baseline of the prompt without it. */
    String CORRUPTED = "corrupted";

    /** The metric of each run. */
    MetricSpec metric();

    /** The prompt that is patched, {@code [T]}. */
    int[] baseIds();

    /** The first position at which a replacement can differ from the prompt's own activation. */
    int firstDifference();

    /** The base prompt (as clean) and the prompt that edges are taken from (as corrupted), where there is one. */
    Optional<PromptPair> edgePair();

    /** The name of the baseline of the unpatched base prompt. */
    String unpatchedName();

    /** The metric bound to the case's logits, and its values without a patch. */
    Baselines baselines(PatchSweep sweep);

    /** Calls {@code run} with the activations that are put in, and returns what it returns. */
    boolean withSource(PatchSweep sweep, PatchGrid grid, Predicate<PatchSource> run);

    /**
     * The reference values of a case.
     *
     * @param metric the metric
     * @param values by name, in the order of the file
     */
    record Baselines(Metric metric, Map<String, Double> values) {}
}
