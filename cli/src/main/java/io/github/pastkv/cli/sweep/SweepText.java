package io.github.pastkv.cli.sweep;

import io.github.pastkv.lens.TokenLabels;
import io.github.pastkv.lens.patching.LabeledGrid;
import io.github.pastkv.lens.patching.MetricSpec;
import io.github.pastkv.lens.plot.Caption;
import io.github.pastkv.lens.plot.GridFigure;
import io.github.pastkv.lens.sweep.AblationCase;
import io.github.pastkv.lens.sweep.PatchCase;
import io.github.pastkv.lens.sweep.SweepCase;
import io.github.pastkv.lens.sweep.SweepResult;
import io.github.pastkv.model.Model;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** A sweep in words, for the terminal and above pictures. */
record SweepText(Model model, SweepResult result, String command) {
    private static final int MAX_CELLS = 5;

    private SweepCase first() {
        return result.sweep().cases().getFirst();
    }

    /** What kind of sweep it is. */
    String title() {
        return switch (first()) {
            case PatchCase patch -> "Activation patching"
                    + (patch.noising() ? " (corrupted into clean)" : " (clean into corrupted)");
            case AblationCase ablation -> "Ablation (" + ablation.kind() + ")";
        };
    }

    /** Whose tokens stand at positions. */
    String promptName() {
        return first() instanceof PatchCase patch
                ? (patch.noising() ? "clean" : "corrupted") + (result.sweep().isSet() ? " prompts" : " prompt")
                : "prompt";
    }

    /** What the numbers are. */
    static String metric(Model model, MetricSpec metric, boolean isSet) {
        String answer = isSet ? "the answer" : label(model, metric.answerToken().orElse(-1));
        String wrong = isSet ? "the wrong token" : label(model, metric.wrongToken().orElse(-1));
        return switch (metric) {
            case MetricSpec.LogitDifference _ -> "logit of " + answer + " minus logit of " + wrong;
            case MetricSpec.NormalizedLogitDifference _ -> "normalized logit difference, " + answer + " minus " + wrong;
            case MetricSpec.Probability _ -> "probability of " + answer;
            case MetricSpec.Loss _ -> "loss of " + answer + ", in nats";
            case MetricSpec.Rank _ -> "rank of " + answer;
            case MetricSpec.KlDivergence _ -> "KL divergence from the clean run, in nats";
        };
    }

    private static String label(Model model, int tokenId) {
        return tokenId < 0 ? "" : "\"" + TokenLabels.of(model, tokenId) + "\"";
    }

    private String metric() {
        return metric(model, first().metric(), result.sweep().isSet());
    }

    private String baselines() {
        return result.baselineNames().stream()
                .map(name -> String.format(Locale.ROOT, "%s %.4g", name, result.baseline(name)))
                .collect(Collectors.joining(", "));
    }

    /** Prompts, metric, baselines, model. */
    List<String> notes() {
        List<String> notes = new ArrayList<>();
        int numCases = result.sweep().cases().size();
        if (result.sweep().isSet()) {
            notes.add("mean over " + numCases + " pairs of prompts");
        }
        switch (first()) {
            case PatchCase patch -> {
                notes.add("clean: " + TokenLabels.text(model, patch.pair().clean()));
                notes.add("corrupted: " + TokenLabels.text(model, patch.pair().corrupted()));
            }
            case AblationCase ablation -> {
                notes.add("prompt: " + TokenLabels.text(model, ablation.baseIds()));
                if (!ablation.references().isEmpty()) {
                    notes.add("replaced by: " + (ablation.references().size() == 1
                            ? TokenLabels.text(model, ablation.references().getFirst())
                            : "the mean over " + ablation.references().size() + " prompts"));
                }
            }
        }
        if (numCases > 1) {
            notes.add("and " + (numCases - 1) + " more");
        }
        notes.add(metric() + ": " + baselines());
        notes.add("model: " + result.sweep().model().name());
        return notes;
    }

    /** The figures of all grids. */
    List<GridFigure> figures() {
        GridFigure.Scale scale = new GridFigure.Scale(metric(), result.unpatched(),
                first() instanceof AblationCase ? "not ablated" : "unpatched");
        return result.grids().stream().map(grid -> GridFigure.of(grid, scale,
                new Caption(title() + ": " + grid.name(), notes()), promptName())).toList();
    }

    /** What stands above a page of all figures. */
    Caption pageCaption() {
        List<String> notes = new ArrayList<>(notes());
        notes.add(command);
        return new Caption(title() + " of " + result.sweep().model().name(), notes);
    }

    /** The baselines, and the cells of each grid that are farthest from the unpatched prompt. */
    String summary() {
        StringBuilder text = new StringBuilder(String.format(Locale.ROOT, "%s%n%s%n", metric(), baselines()));
        for (LabeledGrid grid : result.grids()) {
            List<Integer> strongest = grid.strongest(result.unpatched(), MAX_CELLS);
            text.append(String.format(Locale.ROOT, "%n%s, %,d of %,d cells differ%s%n", grid.name(),
                    grid.strongest(result.unpatched(), Integer.MAX_VALUE).size(), grid.done().cardinality(),
                    strongest.isEmpty() ? "" : ", the strongest:"));
            strongest.forEach(cell -> text.append(row(grid, cell)));
        }
        return text.toString();
    }

    private String row(LabeledGrid grid, int cell) {
        int[] index = grid.index(cell);
        StringBuilder place = new StringBuilder();
        for (int axis = 0; axis < index.length; axis++) {
            String label = grid.labels().get(axis).get(index[axis]);
            String name = grid.axes().get(axis).replace('_', ' ');
            place.append(axis == 0 ? "" : ", ").append(name).append(' ');
            place.append(name.endsWith("position") ? index[axis] + " " + TokenLabels.visible(label) : label);
        }
        double value = grid.values()[cell];
        double[] spread = grid.spread();
        return String.format(Locale.ROOT, "  %-46s %9.4g  (%+.4g)%s%n", place, value, value - result.unpatched(),
                spread == null ? "" : String.format(Locale.ROOT, "  spread %.3g", spread[cell]));
    }
}
