package io.github.pastkv.cli.sweep;

import io.github.pastkv.lens.patching.Metric;
import io.github.pastkv.lens.patching.PatchGrid;
import io.github.pastkv.lens.patching.PatchSource;
import io.github.pastkv.lens.patching.PatchSweep;
import io.github.pastkv.lens.patching.PromptPair;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import tools.jackson.databind.node.ObjectNode;

/** A prompt that is run again and again, what is put into it, and what its numbers mean. */
interface SweepCase {
    /** What it is, by ids, for a file. */
    ObjectNode describe();

    /** The prompt that is run, {@code [T]}. */
    int[] baseIds();

    /** The first position at which something else can be put in. */
    int from();

    /** The base prompt and the one whose outputs edges carry, where there are two. */
    Optional<PromptPair> paths();

    /** The name of the base prompt's baseline. */
    String unpatched();

    /** The metric and its numbers without a patch. */
    Baselines baselines(PatchSweep sweep);

    /** Runs some cells of a grid with what is put in; false when {@code run} says that it was ended. */
    boolean withSource(PatchSweep sweep, PatchGrid grid, Predicate<PatchSource> run);

    /**
     * What numbers are held against.
     *
     * @param metric the metric
     * @param numbers by name, in the order of the file
     */
    record Baselines(Metric metric, Map<String, Double> numbers) {}
}
