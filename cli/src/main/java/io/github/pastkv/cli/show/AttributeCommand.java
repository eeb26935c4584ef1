package io.github.pastkv.cli.show;

import io.github.pastkv.cli.io.OutFile;
import io.github.pastkv.cli.io.Output;
import io.github.pastkv.cli.io.Streams;
import io.github.pastkv.cli.options.ModelMixin;
import io.github.pastkv.cli.options.PromptMixin;
import io.github.pastkv.lens.LogitAttribution;
import io.github.pastkv.lens.LogitAttribution.Component;
import io.github.pastkv.lens.TokenLabels;
import io.github.pastkv.lens.patching.LabeledGrid;
import io.github.pastkv.lens.plot.Caption;
import io.github.pastkv.lens.plot.DivergingMap;
import io.github.pastkv.lens.plot.GridFigure;
import io.github.pastkv.lens.plot.Picture;
import io.github.pastkv.model.ComputeChoice;
import io.github.pastkv.model.Model;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Attributes a logit to the parts of a model. */
@Command(name = "attribute", sortOptions = false,
        header = {"Show how much each component adds to a logit.", ""},
        customSynopsis = {"pastkv attribute [OPTIONS] --answer TEXT [--wrong TEXT] PROMPT", ""},
        description = "Direct logit attribution: the contribution of each head, feed-forward block and embedding to "
                + "the logit of --answer (minus that of --wrong, if given), through the final norm and the "
                + "unembedding only. Effects through later layers are not included; use pastkv patch or ablate for "
                + "those.%n",
        footer = {"",
            "All components and the rest (biases of the final norm and the unembedding) add up to the total.",
            "Families that normalize the output of their blocks, such as Gemma 2 and OLMo 2, are not supported.", "",
            "Example:",
            "  pastkv attribute --answer \" Mary\" --wrong \" John\" --plot parts.svg \\",
            "      \"When Mary and John went to the store, John gave a drink to\""})
public final class AttributeCommand implements Callable<Integer> {
    private static final int MAX_LISTED = 10;

    private final Streams streams;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Mixin private PromptMixin prompt = new PromptMixin();

    @Option(names = "--answer", paramLabel = "TEXT", required = true,
            description = "The token whose logit is attributed, including its leading "
                    + "space.") private String answer = "";

    @Option(names = "--wrong", paramLabel = "TEXT",
            description = "A token whose logit is subtracted.") private @Nullable String wrong;

    @Option(names = "--position", paramLabel = "N",
            description = "The position whose prediction is attributed, from 0. Default: the "
                    + "last.") private @Nullable Integer position;

    @Output
    @Option(names = "--out", paramLabel = "FILE",
            description = "Write all values to FILE, as CSV with the columns component and "
                    + "value.") private @Nullable Path out;

    @Output
    @Option(names = "--plot", paramLabel = "FILE",
            description = "Draw the heads and blocks by layer (.svg or .png).") private @Nullable Path plot;

    @Mixin private ModelMixin modelOptions = new ModelMixin(ComputeChoice.F32);

    public AttributeCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        modelOptions.check();
        prompt.check();
        Picture.requireFormat("--plot", plot);
        try (Model model = modelOptions.load(streams)) {
            int[] ids = prompt.ids(model, modelOptions);
            int at = position == null ? ids.length - 1 : position;
            int answerId = token("--answer", answer, model);
            OptionalInt wrongId =
                    wrong == null ? OptionalInt.empty() : OptionalInt.of(token("--wrong", wrong, model));
            if (at < 0 || at >= ids.length) {
                throw new ParameterException(spec.commandLine(),
                        "--position: " + at + ", the prompt has " + ids.length + " tokens");
            }
            LogitAttribution attribution = LogitAttribution.of(model, ids, answerId, wrongId, at);
            String logit = "logit of \"" + answer + "\"" + (wrong == null ? "" : " minus logit of \"" + wrong + "\"");
            String place = "after " + at + " " + TokenLabels.visible(TokenLabels.of(model, ids[at]));
            streams.out().print(text(attribution, logit, place));
            streams.out().flush();
            if (out != null) {
                OutFile.write(out, table(attribution));
            }
            if (plot != null) {
                List<String> notes = List.of("prompt: " + TokenLabels.text(model, ids),
                        String.format(Locale.ROOT, "%s %s: %.4g in all", logit, place, attribution.total()),
                        "model: " + modelOptions.name());
                OutFile.write(plot, picture(model, attribution, logit, notes)::write);
            }
        }
        return 0;
    }

    private int token(String option, String text, Model model) {
        try {
            return TokenLabels.singleToken(model, text);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), option + ": " + e.getMessage());
        }
    }

    private static String text(LogitAttribution attribution, String logit, String place) {
        StringBuilder text = new StringBuilder(String.format(Locale.ROOT, "%s %s: %.4g%n", logit, place,
                attribution.total()));
        double listed = 0;
        for (Component each : attribution.strongest(MAX_LISTED)) {
            text.append(String.format(Locale.ROOT, "  %-12s %+9.4g%n", each.label(), each.value()));
            listed += each.value();
        }
        int numOthers = Math.max(0, attribution.components().size() - MAX_LISTED);
        double others = attribution.total() - attribution.rest() - listed;
        return text.append(String.format(Locale.ROOT, "  %-12s %+9.4g%n", numOthers + " others", others))
                .append(String.format(Locale.ROOT, "  %-12s %+9.4g%n", "rest", attribution.rest())).toString();
    }

    private static String table(LogitAttribution attribution) {
        StringBuilder table = new StringBuilder("component,value\n");
        attribution.components().forEach(
                each -> table.append(each.label()).append(',').append(each.value()).append('\n'));
        return table.append("rest,").append(attribution.rest()).append("\ntotal,").append(attribution.total())
                .append('\n').toString();
    }

    /** A row for each layer: its heads, then its feed-forward block. */
    private static Picture picture(Model model, LogitAttribution attribution, String logit, List<String> notes) {
        int numLayers = model.config().numLayers();
        int numHeads = model.config().numHeads();
        List<String> columns = new ArrayList<>(IntStream.range(0, numHeads).mapToObj(head -> "head " + head).toList());
        columns.add("mlp");
        double[] values = new double[numLayers * columns.size()];
        for (int cell = 0; cell < values.length; cell++) {
            int layer = cell / columns.size();
            int head = cell % columns.size();
            values[cell] = attribution.valueOf(head < numHeads ? "L" + layer + "H" + head : layer + "_mlp_out");
        }
        BitSet done = new BitSet();
        done.set(0, values.length);
        LabeledGrid grid = new LabeledGrid("attribution", List.of("layer", "component"),
                List.of(IntStream.range(0, numLayers).mapToObj(String::valueOf).toList(), columns), values, done, null);
        return new DivergingMap(GridFigure.of(grid, new GridFigure.Scale("part of the " + logit, 0, ""),
                new Caption("Direct logit attribution", notes), "prompt")).picture();
    }
}
