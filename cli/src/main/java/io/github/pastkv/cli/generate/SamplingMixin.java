package io.github.pastkv.cli.generate;

import io.github.pastkv.cli.io.TokenId;
import io.github.pastkv.model.config.GenerationConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.sampling.SamplingOptions;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** How the next token is chosen: what is not said by an option is said by the model's generation_config.json. */
public final class SamplingMixin {
    @Spec(Spec.Target.MIXEE) private CommandSpec spec = CommandSpec.create();

    @Option(names = "--temperature", paramLabel = "X",
            description = "Sampling temperature; 0 means greedy decoding. Default: that of generation_config.json "
                    + "if it enables sampling; otherwise 1 with --top-k, --top-p, --min-p or --typical-p; "
                    + "otherwise 0.") private @Nullable Double temperature;

    @Option(names = "--top-k", paramLabel = "N",
            description = "Sample from the N most likely tokens; 0 for all.") private @Nullable Integer topK;

    @Option(names = "--top-p", paramLabel = "X",
            description = "Nucleus sampling: sample from the smallest set of most likely tokens whose probabilities "
                    + "add up to X.") private @Nullable Double topP;

    @Option(names = "--min-p", paramLabel = "X",
            description = "Sample from tokens at least X times as likely as the most likely one; 0 for "
                    + "all.") private @Nullable Double minP;

    @Option(names = "--typical-p", paramLabel = "X",
            description = "Locally typical sampling: sample from the most typical tokens whose probabilities add up "
                    + "to X; 1 for all.") private @Nullable Double typicalP;

    @Option(names = "--repetition-penalty", paramLabel = "X",
            description = "Penalty for tokens that have already occurred; 1 turns it "
                    + "off.") private @Nullable Double repetitionPenalty;

    @Option(names = "--presence-penalty", paramLabel = "X",
            description = "Subtract X from the logits of generated tokens. Default: 0.") private double presencePenalty;

    @Option(names = "--frequency-penalty", paramLabel = "X",
            description = "Subtract X from the logits of a token for each time it was generated. Default: "
                    + "0.") private double frequencyPenalty;

    @Option(names = "--no-repeat-ngram", paramLabel = "N",
            description = "Never generate an N-gram of tokens twice; 0 turns it "
                    + "off.") private @Nullable Integer noRepeatNgram;

    @Option(names = "--suppress-tokens", paramLabel = "IDS", split = ",", hideParamSyntax = true,
            converter = TokenId.class,
            description = "Never generate these token ids.") private @Nullable List<Integer> suppressTokens;

    @Option(names = "--min-new-tokens", paramLabel = "N",
            description = "Do not end before N tokens are generated.") private @Nullable Integer minNewTokens;

    @Option(names = "--logit-bias", paramLabel = "ID=X", split = ",", hideParamSyntax = true,
            description = "Add X to the logit of token ID. Repeatable.") private Map<Integer, Double> logitBias =
                    Map.of();

    @Option(names = "--seed", paramLabel = "N",
            description = "Seed of the random number generator. Default: 0.") private @Nullable Long seed;

    /** Refuses options that are wrong whatever the model. */
    public void check() {
        require("--temperature", temperature, temperature == null || isIn(temperature, 0, Double.MAX_VALUE),
                "at least 0");
        require("--top-k", topK, topK == null || topK >= 0, "at least 0");
        require("--top-p", topP, topP == null || isIn(topP, 0, 1), "in [0, 1]");
        require("--repetition-penalty", repetitionPenalty,
                repetitionPenalty == null || isIn(repetitionPenalty, Double.MIN_VALUE, Double.MAX_VALUE), "positive");
        require("--min-p", minP, minP == null || isIn(minP, 0, 1), "in [0, 1]");
        require("--typical-p", typicalP, typicalP == null || isIn(typicalP, Double.MIN_VALUE, 1), "in (0, 1]");
        require("--presence-penalty", presencePenalty, Double.isFinite(presencePenalty), "finite");
        require("--frequency-penalty", frequencyPenalty, Double.isFinite(frequencyPenalty), "finite");
        require("--no-repeat-ngram", noRepeatNgram, noRepeatNgram == null || noRepeatNgram >= 0, "at least 0");
        require("--min-new-tokens", minNewTokens, minNewTokens == null || minNewTokens >= 0, "at least 0");
        logitBias.forEach((id, bias) -> require("--logit-bias " + id, bias, Double.isFinite(bias), "finite"));
    }

    /** Refuses token ids that the model does not have. */
    public void checkFor(ModelConfig model) {
        Stream.concat(suppressTokens == null ? Stream.of() : suppressTokens.stream(), logitBias.keySet().stream())
                .forEach(id -> require(suppressTokens != null && suppressTokens.contains(id)
                        ? "--suppress-tokens" : "--logit-bias", id, id >= 0 && id < model.vocabSize(),
                        "in [0, " + model.vocabSize() + "), as a token id of this model"));
    }

    /** Whether any of these options was given. */
    boolean isGiven() {
        return Stream.of(temperature, topK, topP, minP, typicalP, repetitionPenalty, noRepeatNgram, suppressTokens,
                minNewTokens, seed).anyMatch(Objects::nonNull) || presencePenalty != 0 || frequencyPenalty != 0
                || !logitBias.isEmpty();
    }

    private static boolean isIn(double number, double min, double max) {
        return number >= min && number <= max;
    }

    private void require(String option, @Nullable Number actual, boolean condition, String limit) {
        if (!condition) {
            throw new ParameterException(spec.commandLine(), option + ": " + actual + ", must be " + limit);
        }
    }

    public SamplingOptions options(GenerationConfig model) {
        SamplingOptions defaults = GenerationOptions.of(model).sampling();
        return defaults.withTemperature(temperature != null ? temperature : defaultTemperature(model))
                .withTopK(topK != null ? topK : defaults.topK())
                .withTopP(topP != null ? topP : defaults.topP())
                .withMinP(minP != null ? minP : defaults.minP())
                .withTypicalP(typicalP != null ? typicalP : defaults.typicalP())
                .withRepetitionPenalty(repetitionPenalty != null ? repetitionPenalty : defaults.repetitionPenalty())
                .withPresencePenalty(presencePenalty)
                .withFrequencyPenalty(frequencyPenalty)
                .withNoRepeatNgramSize(noRepeatNgram != null ? noRepeatNgram : defaults.noRepeatNgramSize())
                .withSuppressTokens(suppressTokens != null ? Set.copyOf(suppressTokens) : defaults.suppressTokens())
                .withMinNewTokens(minNewTokens != null ? minNewTokens : defaults.minNewTokens())
                .withLogitBias(logitBias)
                .withSeed(seed != null ? seed : 0);
    }

    private double defaultTemperature(GenerationConfig model) {
        if (model.doSample()) {
            return model.temperature().orElse(1);
        }
        return Stream.of(topK, topP, minP, typicalP).anyMatch(Objects::nonNull) ? 1 : 0;
    }
}
