package io.github.pastkv.cli.sweep;

import io.github.pastkv.cli.io.TokenId;
import io.github.pastkv.cli.options.ModelMixin;
import io.github.pastkv.lens.patching.MetricSpec;
import io.github.pastkv.lens.patching.PromptPair;
import io.github.pastkv.lens.sweep.PairsFile;
import io.github.pastkv.lens.sweep.PatchCase;
import io.github.pastkv.model.Model;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A pair of prompts, as texts or as ids, or a file of many. */
final class PairMixin {
    @Spec(Spec.Target.MIXEE) private CommandSpec spec = CommandSpec.create();

    @Option(names = "--clean", paramLabel = "TEXT",
            description = "The prompt that shows the behavior.") private @Nullable String clean;

    @Option(names = "--corrupt", paramLabel = "TEXT",
            description = "A prompt of the same number of tokens that does not show "
                    + "it.") private @Nullable String corrupt;

    @Option(names = "--clean-tokens", paramLabel = "IDS", split = ",", hideParamSyntax = true,
            converter = TokenId.class,
            description = "The clean prompt as token ids.") private @Nullable List<Integer> cleanIds;

    @Option(names = "--corrupt-tokens", paramLabel = "IDS", split = ",", hideParamSyntax = true,
            converter = TokenId.class,
            description = "The corrupted prompt as token ids.") private @Nullable List<Integer> corruptIds;

    @Option(names = "--pairs", paramLabel = "FILE",
            description = "Read many pairs from a JSONL file: {\"clean\": ..., \"corrupt\": ..., \"answer\": ..., "
                    + "\"wrong\": ...}, or clean_tokens, corrupt_tokens, answer_token and wrong_token with ids. "
                    + "Results are means over the pairs.") private @Nullable Path pairsFile;

    /** Refuses a pair that is not there, or there twice, and answers that the metric needs and that are not there. */
    void check(MetricTokensMixin answers, MetricSpec.Kind metric) {
        if (pairsFile != null) {
            refuseBesideFile();
            answers.refuse("--pairs");
            return;
        }
        answers.check(metric);
        requireOne("--clean", clean, "--clean-tokens", cleanIds);
        requireOne("--corrupt", corrupt, "--corrupt-tokens", corruptIds);
    }

    private void requireOne(String textOption, @Nullable Object text, String idOption, @Nullable Object id) {
        if ((text == null) == (id == null)) {
            throw refused(text == null
                    ? "give " + textOption + " or " + idOption
                    : textOption + " and " + idOption + ": give one of them");
        }
    }

    private ParameterException refused(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private void refuseBesideFile() {
        if (clean != null || corrupt != null || cleanIds != null || corruptIds != null) {
            throw refused("--clean, --corrupt: not with --pairs, which has the prompts");
        }
    }

    /** Whether no tokenizer is needed, for all that is known before files are read. */
    boolean isIds() {
        return cleanIds != null && corruptIds != null;
    }

    /** Whether the numbers are means over pairs. */
    boolean isSet() {
        return pairsFile != null;
    }

    /**
     * The pairs; refuses those that cannot be patched.
     *
     * @param equallyLong whether all pairs must have equally many tokens
     * @param noising whether the clean prompts are patched
     */
    List<PatchCase> pairs(Model model, ModelMixin modelOptions, MetricTokensMixin answers, MetricSpec.Kind metric,
            boolean equallyLong, boolean noising) throws IOException {
        return pairsFile == null
                ? List.of(new PatchCase(pair(model, modelOptions), noising, answers.metric(metric, model)))
                : new PairsFile(model, metric).read(pairsFile, equallyLong, noising);
    }

    private PromptPair pair(Model model, ModelMixin modelOptions) {
        int[] cleanTokens = ids(clean, cleanIds, model, modelOptions);
        int[] corruptTokens = ids(corrupt, corruptIds, model, modelOptions);
        try {
            return new PromptPair(cleanTokens, corruptTokens);
        } catch (IllegalArgumentException e) {
            throw refused(String.valueOf(e.getMessage()));
        }
    }

    private static int[] ids(@Nullable String text, @Nullable List<Integer> ids, Model model,
            ModelMixin modelOptions) {
        return text == null ? TokenId.toArray(ids) : modelOptions.tokenizer(model).encode(text, true);
    }
}
