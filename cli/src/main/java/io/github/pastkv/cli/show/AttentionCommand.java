package io.github.pastkv.cli.show;

import io.github.pastkv.cli.io.OutFile;
import io.github.pastkv.cli.io.Output;
import io.github.pastkv.cli.io.Streams;
import io.github.pastkv.cli.options.ModelMixin;
import io.github.pastkv.cli.options.PromptMixin;
import io.github.pastkv.lens.CachedRun;
import io.github.pastkv.lens.Capture;
import io.github.pastkv.lens.Lens;
import io.github.pastkv.lens.TokenLabels;
import io.github.pastkv.lens.plot.AttentionPage;
import io.github.pastkv.lens.plot.Caption;
import io.github.pastkv.lens.plot.HeatMap;
import io.github.pastkv.lens.plot.Picture;
import io.github.pastkv.model.ComputeChoice;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.engine.StepInput;
import io.github.pastkv.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Shows which tokens heads attend to. */
@Command(name = "attention", sortOptions = false, header = {"Show attention patterns.", ""},
        customSynopsis = {"pastkv attention [OPTIONS] --layer L --head H PROMPT",
            "       pastkv attention [OPTIONS] --html FILE PROMPT", ""},
        description = "Runs a prompt and shows attention patterns: of one head in the terminal or as a picture, or "
                + "of all heads as one self-contained HTML page.%n",
        footer = {"", "Examples:",
            "  pastkv attention --layer 2 --head 1 \"Mary and John went. Mary and\"",
            "  pastkv attention --layer 2 --head 1 --plot head.svg --html heads.html \"Mary and John\""})
public final class AttentionCommand implements Callable<Integer> {
    private static final int MAX_LISTED = 3;

    private final Streams streams;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Mixin private PromptMixin prompt = new PromptMixin();

    @Option(names = "--layer", paramLabel = "L",
            description = "The layer of the head, from 0. Default: 0.") private int layer;

    @Option(names = "--head", paramLabel = "H", description = "The head, from 0. Default: 0.") private int head;

    @Output
    @Option(names = {"--plot", "--png"}, paramLabel = "FILE",
            description = "Draw the pattern of the head (.svg or .png).") private @Nullable Path plot;

    @Output
    @Option(names = "--html", paramLabel = "FILE",
            description = "Write an HTML page with all heads.") private @Nullable Path html;

    @Mixin private ModelMixin modelOptions = new ModelMixin(ComputeChoice.F32);

    public AttentionCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        modelOptions.check();
        prompt.check();
        Picture.requireFormat("--plot", plot);
        try (Model model = modelOptions.load(streams)) {
            requireInModel("--layer", layer, model.config().numLayers());
            requireInModel("--head", head, model.config().numHeads());
            show(model, prompt.ids(model, modelOptions));
        }
        return 0;
    }

    private void requireInModel(String option, int index, int limit) {
        if (index < 0 || index >= limit) {
            throw new ParameterException(spec.commandLine(), option + ": " + index + ", the model has " + limit);
        }
    }

    private void show(Model model, int[] ids) throws IOException {
        List<String> tokens = TokenLabels.of(model, ids);
        List<String> visible = tokens.stream().map(TokenLabels::visible).toList();
        try (CachedRun run = new Lens(model).runWithCache(StepInput.tokens(ids),
                Capture.of("blocks.*.attn.hook_pattern"))) {
            float[][] pattern = pattern(run.get("attn" + layer), head);
            streams.out().print(list(visible, pattern));
            streams.out().flush();
            if (plot != null) {
                OutFile.write(plot, picture(model, ids, visible, pattern).picture()::write);
            }
            if (html != null) {
                OutFile.write(html, new AttentionPage("Attention of " + modelOptions.name(), tokens,
                        patterns(model, run), layer, head)::write);
            }
        }
    }

    private HeatMap picture(Model model, int[] ids, List<String> visible, float[][] pattern) {
        List<String> numbered =
                IntStream.range(0, visible.size()).mapToObj(at -> at + " " + visible.get(at)).toList();
        return new HeatMap(
                new Caption("Attention of layer " + layer + ", head " + head,
                        List.of("model: " + modelOptions.name(), "prompt: " + TokenLabels.text(model, ids))),
                "query (attends)", "key (attended to)", "attention weight", numbered, numbered, pattern, null);
    }

    private static float[][][][] patterns(Model model, CachedRun run) {
        float[][][][] all = new float[model.config().numLayers()][model.config().numHeads()][][];
        for (int l = 0; l < all.length; l++) {
            for (int h = 0; h < all[l].length; h++) {
                all[l][h] = pattern(run.get("attn" + l), h);
            }
        }
        return all;
    }

    /** One head of {@code [1, H, N, N]}, {@code [query][key]}. */
    private static float[][] pattern(Tensor all, int head) {
        int numTokens = Math.toIntExact(all.shape(2));
        float[] numbers = all.narrow(1, head, head + 1L).toFloatArray();
        float[][] rows = new float[numTokens][numTokens];
        for (int query = 0; query < numTokens; query++) {
            System.arraycopy(numbers, query * numTokens, rows[query], 0, numTokens);
        }
        return rows;
    }

    /** For each token those with the greatest attention weights. */
    private static String list(List<String> tokens, float[][] pattern) {
        int width = tokens.stream().mapToInt(String::length).max().orElse(0);
        StringBuilder lines = new StringBuilder();
        for (int query = 0; query < tokens.size(); query++) {
            lines.append(String.format(Locale.ROOT, "%4d %-" + width + "s ", query, tokens.get(query)));
            float[] row = pattern[query].clone();
            for (int i = 0; i < Math.min(MAX_LISTED, query + 1); i++) {
                int best = 0;
                for (int key = 1; key <= query; key++) {
                    best = row[key] > row[best] ? key : best;
                }
                lines.append(String.format(Locale.ROOT, "  %3.0f %% %s(%d)", 100 * row[best], tokens.get(best), best));
                row[best] = -1;
            }
            lines.append('\n');
        }
        return lines.toString();
    }
}
