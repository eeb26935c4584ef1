package io.github.pastkv.cli;

import io.github.pastkv.lens.patching.Metric;
import io.github.pastkv.lens.patching.PromptPair;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A pair of prompts, and the two tokens that are weighed against each other, as texts or as ids. */
final class PairMixin {
    @Spec(Spec.Target.MIXEE) private CommandSpec spec = CommandSpec.create();

    @Option(names = "--clean", paramLabel = "TEXT",
            description = "The prompt with the behaviour.") private @Nullable String clean;

    @Option(names = "--corrupt", paramLabel = "TEXT",
            description = "The prompt without it, of as many tokens.") private @Nullable String corrupt;

    @Option(names = "--answer", paramLabel = "TEXT",
            description = "The token that goes on from the clean prompt, with its space.") private @Nullable String answer;

    @Option(names = "--wrong", paramLabel = "TEXT",
            description = "The token that it is weighed against.") private @Nullable String wrong;

    @Option(names = "--clean-tokens", paramLabel = "IDS", split = ",", hideParamSyntax = true,
            converter = TokenId.class,
            description = "Token ids instead of --clean.") private @Nullable List<Integer> cleanIds;

    @Option(names = "--corrupt-tokens", paramLabel = "IDS", split = ",", hideParamSyntax = true,
            converter = TokenId.class,
            description = "Token ids instead of --corrupt.") private @Nullable List<Integer> corruptIds;

    @Option(names = "--answer-token", paramLabel = "ID", converter = TokenId.class,
            description = "A token id instead of --answer.") private @Nullable Integer answerId;

    @Option(names = "--wrong-token", paramLabel = "ID", converter = TokenId.class,
            description = "A token id instead of --wrong.") private @Nullable Integer wrongId;

    /** Refuses a pair that is not there, or there twice. */
    void check() {
        requireOne("--clean", clean, "--clean-tokens", cleanIds);
        requireOne("--corrupt", corrupt, "--corrupt-tokens", corruptIds);
        requireOne("--answer", answer, "--answer-token", answerId);
        requireOne("--wrong", wrong, "--wrong-token", wrongId);
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

    /** Whether no tokenizer is needed. */
    boolean isIds() {
        return cleanIds != null && corruptIds != null && answerId != null && wrongId != null;
    }

    /** The prompts' ids; refuses those that cannot be patched. */
    PromptPair pair(Model model, ModelMixin modelOptions) {
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
        return text == null ? TokenId.toArray(ids) : tokenizer(model, modelOptions).encode(text, true);
    }

    private static TextTokenizer tokenizer(Model model, ModelMixin modelOptions) {
        return model.tokenizer().orElseThrow(() -> new IllegalStateException(
                modelOptions.name() + ": has no tokenizer.json, so give token ids"));
    }

    /** A metric by name. */
    Metric metric(String name, float[] cleanLogits, float[] corruptedLogits, Model model) {
        int right = id("--answer", answer, answerId, model);
        int other = id("--wrong", wrong, wrongId, model);
        Metric difference = Metric.logitDifference(right, other);
        return switch (name) {
            case "logit_diff" -> difference;
            case "normalised" -> difference.normalised(difference.of(corruptedLogits), difference.of(cleanLogits));
            case "probability" -> Metric.probability(right);
            case "loss" -> Metric.loss(right);
            case "rank" -> Metric.rank(right);
            case "kl" -> Metric.klFrom(cleanLogits);
            default -> throw refused("--metric: '" + name
                    + "', known are logit_diff, normalised, probability, loss, rank, kl");
        };
    }

    private int id(String option, @Nullable String text, @Nullable Integer id, Model model) {
        int vocabSize = model.config().vocabSize();
        if (text == null && id != null) {
            if (id >= vocabSize) {
                throw refused(option + "-token: " + id + ", the vocabulary has " + vocabSize);
            }
            return id;
        }
        int[] ids = model.tokenizer().orElseThrow().encode(String.valueOf(text), false);
        if (ids.length != 1) {
            throw refused(option + ": '" + text + "' is " + ids.length + " tokens, must be one");
        }
        return ids[0];
    }
}
