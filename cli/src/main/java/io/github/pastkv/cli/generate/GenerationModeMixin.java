package io.github.pastkv.cli.generate;

import io.github.pastkv.model.generation.BeamOptions;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.sampling.SamplingOptions;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** How many answers are made, and how they are found: one after the other, guessed ahead, or searched by beams. */
final class GenerationModeMixin {
    @Spec(Spec.Target.MIXEE) private CommandSpec spec = CommandSpec.create();

    @Option(names = "--num-return-sequences", paramLabel = "N",
            description = "Number of completions to generate. With --num-beams, print the N best beams. Default: "
                    + "1.") private int numReturnSequences =
                            1;

    @Option(names = "--num-beams", paramLabel = "N",
            description = "Beam search with N beams. Default: 1 (off).") private int numBeams =
                    1;

    @Option(names = "--length-penalty", paramLabel = "X",
            description = "Divide the score of a beam by length^X. Default: 1.") private @Nullable Double lengthPenalty;

    @Option(names = "--draft-tokens", paramLabel = "N",
            description = "Speculative decoding: draft up to N tokens by prompt lookup. Changes the speed, never "
                    + "the output. Default: 0 (off).") private int draftTokens;

    @Option(names = "--logprobs", paramLabel = "N",
            description = "With --json: the log-probability of each new token and of the N most likely "
                    + "ones.") private @Nullable Integer logprobs;

    /** Refuses options that are wrong whatever the model. */
    void check(SamplingMixin sampling, boolean hasStopStrings, boolean hasGrammar, boolean asJson) {
        require(logprobs == null || logprobs >= 0, "--logprobs: " + logprobs + ", must be at least 0");
        require(logprobs == null || asJson, "--logprobs: needs --json");
        require(numReturnSequences >= 1, "--num-return-sequences: " + numReturnSequences + ", must be at least 1");
        require(numBeams >= 1, "--num-beams: " + numBeams + ", must be at least 1");
        require(draftTokens >= 0, "--draft-tokens: " + draftTokens + ", must be at least 0");
        require(lengthPenalty == null || Double.isFinite(lengthPenalty),
                "--length-penalty: " + lengthPenalty + ", must be finite");
        require(isBeamSearch() || lengthPenalty == null, "--length-penalty: needs --num-beams of at least 2");
        if (isBeamSearch()) {
            require(numReturnSequences <= numBeams, "--num-return-sequences: " + numReturnSequences
                    + ", must not exceed --num-beams " + numBeams);
            require(draftTokens == 0, "--draft-tokens: does not go with --num-beams");
            require(!hasStopStrings, "--stop: does not go with --num-beams");
            require(!hasGrammar, GrammarMixin.NAMES + ": do not go with --num-beams");
            require(!sampling.isGiven(), "--num-beams: beam search does not sample, so no sampling option, such as "
                    + "--temperature, --repetition-penalty or --seed, goes with it");
            require(logprobs == null, "--logprobs: does not go with --num-beams, whose answers have a score");
        }
    }

    /** Refuses options that do not go with how tokens are drawn, which the model's files may say. */
    void checkFor(SamplingOptions sampling) {
        require(isBeamSearch() || numReturnSequences == 1 || sampling.temperature() > 0,
                "--num-return-sequences: " + numReturnSequences + ", but without sampling all answers are the same; "
                        + "give a --temperature above 0, or --num-beams");
    }

    private void require(boolean condition, String message) {
        if (!condition) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }

    boolean isBeamSearch() {
        return numBeams > 1;
    }

    int numReturnSequences() {
        return numReturnSequences;
    }

    GenerationOptions addTo(GenerationOptions options) {
        return options.withNumReturnSequences(numReturnSequences).withMaxDraftTokens(draftTokens)
                .withNumLogProbabilities(logprobs == null ? GenerationOptions.NO_LOG_PROBABILITIES : logprobs);
    }

    BeamOptions beamOptions(int maxNewTokens, Set<Integer> stopTokens) {
        BeamOptions options = BeamOptions.of(numBeams, maxNewTokens).withStopTokens(stopTokens);
        return lengthPenalty == null ? options : options.withLengthPenalty(lengthPenalty);
    }
}
