package io.github.pastkv.cli.sweep;

import io.github.pastkv.cli.io.Interruption;
import io.github.pastkv.cli.io.Streams;
import io.github.pastkv.cli.io.TokenId;
import io.github.pastkv.cli.options.ModelMixin;
import io.github.pastkv.cli.options.PromptMixin;
import io.github.pastkv.lens.patching.MetricSpec;
import io.github.pastkv.lens.sweep.AblationCase;
import io.github.pastkv.lens.sweep.PairsFile;
import io.github.pastkv.model.ComputeChoice;
import io.github.pastkv.model.Model;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Takes parts of a model away, one after the other. */
@Command(name = "ablate", sortOptions = false, header = {"Find the activations that a behavior depends on "
        + "(ablation).",
    ""},
        customSynopsis = {"pastkv ablate [OPTIONS] --grid NAME --answer TEXT --wrong TEXT PROMPT",
            "       pastkv ablate [OPTIONS] --by mean --set FILE.jsonl --grid NAME --answer TEXT --wrong TEXT \\",
            "                     PROMPT",
            "       pastkv ablate [OPTIONS] --by resample --with TEXT --grid NAME --answer TEXT --wrong TEXT \\",
            "                     PROMPT", ""},
        description = "Ablation: runs a prompt once for each activation, with that activation replaced by zeros, by "
                + "its mean over a set of prompts, or by its value on another prompt, and reports a metric of the "
                + "logits for each run. The further a result is from the unablated one, the more the behavior "
                + "depends on that activation.%n",
        footer = {"",
            "To ablate heads, use head_out_all_pos; MLPs, mlp_out_all_pos; layers, layer_out_all_pos; positions,",
            "resid_pre.", "",
            SweepMixin.GRIDS, "",
            "The prompts of --set and --with must have the same number of tokens as PROMPT. Ctrl-C ends the sweep",
            "and writes the results so far (in JSON, the others are null); --resume continues.", "", "Example:",
            "  pastkv ablate \"When Mary and John went to the store, John gave a drink to\" --answer \" Mary\" \\",
            "      --wrong \" John\" --grid head_out_all_pos,mlp_out_all_pos --out zero.json --plot zero.png"})
public final class AblateCommand implements Callable<Integer> {
    private final Streams streams;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Mixin private PromptMixin promptOptions = new PromptMixin();

    @Option(names = "--by", paramLabel = "zero|mean|resample", converter = KindConverters.Ablation.class,
            completionCandidates = KindConverters.Ablation.class,
            description = "Replacement: zeros, the mean over the prompts of --set, or the value on the prompt of "
                    + "--with. Default: zero.") private AblationCase.Kind ablation = AblationCase.Kind.ZERO;

    @Option(names = "--set", paramLabel = "FILE",
            description = "JSONL file with the prompts of the mean: {\"text\": ...} or {\"text_tokens\": "
                    + "[...]}.") private @Nullable Path set;

    @Option(names = "--with", paramLabel = "TEXT",
            description = "Prompt to resample from.") private @Nullable String other;

    @Option(names = "--with-tokens", paramLabel = "IDS", split = ",", hideParamSyntax = true,
            converter = TokenId.class,
            description = "Prompt to resample from, as token ids.") private @Nullable List<Integer> otherIds;

    @Mixin private MetricTokensMixin answerOptions = new MetricTokensMixin();

    @Mixin private SweepMixin sweepOptions = new SweepMixin();

    @Mixin private ModelMixin modelOptions = new ModelMixin(ComputeChoice.F32);

    public AblateCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        modelOptions.check();
        promptOptions.check();
        answerOptions.check(sweepOptions.metric());
        sweepOptions.check();
        checkSources();
        boolean isIds = promptOptions.isIds() && answerOptions.isIds() && other == null && set == null;
        try (Model model = isIds ? modelOptions.loadForIds(streams) : modelOptions.load(streams);
                Interruption interruption = new Interruption()) {
            int[] ids = promptOptions.ids(model, modelOptions);
            AblationCase only = new AblationCase(ids, ablation, references(model, ids),
                    answerOptions.metric(sweepOptions.metric(), model));
            new SweepRun(streams, model, sweepOptions, interruption).run(modelOptions.name(), List.of(only), false,
                    CommandLineText.of(spec.commandLine().getParseResult().originalArgs()));
            return 0;
        }
    }

    private void checkSources() {
        requireOnlyWith("--set", set != null, AblationCase.Kind.MEAN);
        requireOnlyWith("--with, --with-tokens", other != null || otherIds != null, AblationCase.Kind.RESAMPLE);
        if (other != null && otherIds != null) {
            throw refused("--with and --with-tokens: give one of them");
        }
        if (sweepOptions.metric() == MetricSpec.Kind.NORMALIZED && ablation != AblationCase.Kind.RESAMPLE) {
            throw refused("--metric: normalized needs the other prompt of --by resample, which is its zero");
        }
    }

    private void requireOnlyWith(String option, boolean isGiven, AblationCase.Kind by) {
        if (isGiven != (ablation == by)) {
            throw refused(isGiven
                    ? option + ": is for --by " + by + ", which is " + ablation
                    : "--by " + by + ": needs " + option);
        }
    }

    private ParameterException refused(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    /** The prompts that are put in; refuses those that do not fit. */
    private List<int[]> references(Model model, int[] ids) throws IOException {
        return switch (ablation) {
            case ZERO -> List.of();
            case MEAN ->
                    new PairsFile(model, sweepOptions.metric()).readPrompts(Objects.requireNonNull(set), ids.length);
            case RESAMPLE -> {
                int[] tokens = other == null
                        ? TokenId.toArray(otherIds)
                        : modelOptions.tokenizer(model).encode(other, true);
                requireSameLength("--with", tokens, ids);
                if (Arrays.equals(tokens, ids)) {
                    throw refused(
                            "--with: the same " + ids.length + " tokens as the prompt; they must differ somewhere");
                }
                yield List.of(tokens);
            }
        };
    }

    private void requireSameLength(String option, int[] tokens, int[] ids) {
        if (tokens.length != ids.length) {
            throw refused(option + ": " + tokens.length + " tokens, the prompt has " + ids.length
                    + "; activations are replaced position by position");
        }
    }
}
