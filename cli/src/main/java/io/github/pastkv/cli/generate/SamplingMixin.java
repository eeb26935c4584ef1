package io.github.pastkv.cli.generate;

import io.github.pastkv.model.config.GenerationConfig;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.sampling.SamplingOptions;
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
                    + "if it enables sampling; otherwise 1 with --top-k or --top-p; otherwise "
                    + "0.") private @Nullable Double temperature;

    @Option(names = "--top-k", paramLabel = "N",
            description = "Sample from the N most likely tokens; 0 for all.") private @Nullable Integer topK;

    @Option(names = "--top-p", paramLabel = "X",
            description = "Nucleus sampling: sample from the smallest set of most likely tokens whose probabilities "
                    + "add up to X.") private @Nullable Double topP;

    @Option(names = "--repetition-penalty", paramLabel = "X",
            description = "Penalty for tokens that have already occurred; 1 turns it "
                    + "off.") private @Nullable Double repetitionPenalty;

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
    }

    /** Whether any of these options was given. */
    boolean isGiven() {
        return temperature != null || topK != null || topP != null || repetitionPenalty != null || seed != null;
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
                .withRepetitionPenalty(repetitionPenalty != null ? repetitionPenalty : defaults.repetitionPenalty())
                .withSeed(seed != null ? seed : 0);
    }

    private double defaultTemperature(GenerationConfig model) {
        if (model.doSample()) {
            return model.temperature().orElse(1);
        }
        return topK != null || topP != null ? 1 : 0;
    }
}
