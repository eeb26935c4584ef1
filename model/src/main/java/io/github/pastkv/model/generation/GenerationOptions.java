package io.github.pastkv.model.generation;

import io.github.pastkv.model.config.GenerationConfig;
import io.github.pastkv.model.grammar.Grammar;
import io.github.pastkv.model.sampling.SamplingOptions;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Options of a generation.
 *
 * @param maxNewTokens most tokens per answer
 * @param sampling how each token is chosen
 * @param stopTokens ids that end an answer
 * @param stopsAtEos whether the model's own end-of-text tokens end an answer too
 * @param stopStrings texts that end an answer; they need a tokenizer
 * @param numReturnSequences completions per prompt, which is computed once; completion i equals the only completion
 *        with {@code firstSampleIndex} i and the same seed
 * @param firstSampleIndex index of the first completion, an argument of every random draw
 * @param maxDraftTokens limit of draft tokens per step for speculative decoding by prompt lookup; 0 for none. Drafts
 *        change the speed, never the output; they temporarily use free space of the cache
 * @param knownTokens ids before the prompts, for penalties and prompt lookup; empty for those that the session knows,
 *        as Hugging Face's {@code generate} always gets the whole text
 * @param numLogProbabilities number of best tokens whose log-probabilities are returned with that of each generated
 *        token; 0 for that alone, {@link #NO_LOG_PROBABILITIES} for none
 * @param priority order of generations of a model if they do not all fit into a pass or into memory: higher ones first,
 *        then those that began first. The lowest one is preempted: it waits, is recomputed, and returns the same tokens
 * @param share counts the tokens computed for the generation; prefills of equal priority are scheduled in the order of
 *        their shares' counts
 * @param cancellation ends the generation from another thread
 * @param grammar the texts that an answer must be one of, for as long as no other option ends it; null for any text. It
 *        needs a tokenizer
 */
public record GenerationOptions(int maxNewTokens, SamplingOptions sampling, Set<Integer> stopTokens,
        boolean stopsAtEos, List<String> stopStrings, int numReturnSequences, long firstSampleIndex,
        int maxDraftTokens, List<Integer> knownTokens, int numLogProbabilities, int priority,
        ComputeShare share, Cancellation cancellation, @Nullable Grammar grammar) {
    /** For {@link #numLogProbabilities}: none, not even of the generated tokens. */
    public static final int NO_LOG_PROBABILITIES = -1;

    public GenerationOptions {
        Objects.requireNonNull(sampling, "sampling: null");
        Objects.requireNonNull(stopTokens, "stopTokens: null");
        Objects.requireNonNull(stopStrings, "stopStrings: null");
        Objects.requireNonNull(knownTokens, "knownTokens: null");
        Objects.requireNonNull(share, "share: null");
        Objects.requireNonNull(cancellation, "cancellation: null");
        require("maxNewTokens", maxNewTokens, 0);
        require("numReturnSequences", numReturnSequences, 1);
        require("firstSampleIndex", firstSampleIndex, 0);
        require("maxDraftTokens", maxDraftTokens, 0);
        require("numLogProbabilities", numLogProbabilities, NO_LOG_PROBABILITIES);
        if (stopStrings.contains("")) {
            throw new IllegalArgumentException("stopStrings: one is empty");
        }
        stopTokens = Set.copyOf(stopTokens);
        stopStrings = List.copyOf(stopStrings);
        knownTokens = List.copyOf(knownTokens);
    }

    private static void require(String name, long actual, long least) {
        if (actual < least) {
            throw new IllegalArgumentException(name + ": " + actual + ", must be at least " + least);
        }
    }

    /** Greedy decoding of one completion, up to {@code maxNewTokens} or an end-of-text token of the model. */
    public static GenerationOptions greedy(int maxNewTokens) {
        return new GenerationOptions(maxNewTokens, SamplingOptions.GREEDY, Set.of(), true, List.of(), 1, 0, 0,
                List.of(), NO_LOG_PROBABILITIES, 0, ComputeShare.COMMON, new Cancellation(), null);
    }

    /** The recommended settings of {@code generation_config.json}, up to a full context. */
    public static GenerationOptions of(GenerationConfig config) {
        Objects.requireNonNull(config, "config: null");
        SamplingOptions sampling = new SamplingOptions(config.doSample() ? config.temperature().orElse(1) : 0,
                config.topK().orElse(0), config.topP().orElse(1), config.repetitionPenalty().orElse(1), 0)
                .withMinP(config.minP().orElse(0)).withTypicalP(config.typicalP().orElse(1))
                .withNoRepeatNgramSize(config.noRepeatNgramSize().orElse(0))
                .withSuppressTokens(config.suppressTokens())
                .withBeginSuppressTokens(config.beginSuppressTokens())
                .withMinNewTokens(config.minNewTokens().orElse(0));
        return greedy(Integer.MAX_VALUE).withSampling(sampling);
    }

    public GenerationOptions withMaxNewTokens(int newMaxNewTokens) {
        return with(copy -> copy.maxNewTokens = newMaxNewTokens);
    }

    public GenerationOptions withSampling(SamplingOptions newSampling) {
        return with(copy -> copy.sampling = newSampling);
    }

    public GenerationOptions withStopTokens(Set<Integer> newStopTokens) {
        return with(copy -> copy.stopTokens = newStopTokens);
    }

    /** Continues after the model's end-of-text tokens. */
    public GenerationOptions ignoringEos() {
        return with(copy -> copy.stopsAtEos = false);
    }

    public GenerationOptions withStopStrings(List<String> newStopStrings) {
        return with(copy -> copy.stopStrings = newStopStrings);
    }

    public GenerationOptions withNumReturnSequences(int newNumReturnSequences) {
        return with(copy -> copy.numReturnSequences = newNumReturnSequences);
    }

    public GenerationOptions withFirstSampleIndex(long newFirstSampleIndex) {
        return with(copy -> copy.firstSampleIndex = newFirstSampleIndex);
    }

    public GenerationOptions withMaxDraftTokens(int newMaxDraftTokens) {
        return with(copy -> copy.maxDraftTokens = newMaxDraftTokens);
    }

    public GenerationOptions withKnownTokens(List<Integer> newKnownTokens) {
        return with(copy -> copy.knownTokens = newKnownTokens);
    }

    public GenerationOptions withNumLogProbabilities(int newNumLogProbabilities) {
        return with(copy -> copy.numLogProbabilities = newNumLogProbabilities);
    }

    public GenerationOptions withPriority(int newPriority) {
        return with(copy -> copy.priority = newPriority);
    }

    public GenerationOptions withShare(ComputeShare newShare) {
        return with(copy -> copy.share = newShare);
    }

    public GenerationOptions withCancellation(Cancellation newCancellation) {
        return with(copy -> copy.cancellation = newCancellation);
    }

    /** Keeps answers within a grammar. */
    public GenerationOptions withGrammar(@Nullable Grammar newGrammar) {
        return with(copy -> copy.grammar = newGrammar);
    }

    private GenerationOptions with(Consumer<Copy> change) {
        Copy copy = new Copy(this);
        change.accept(copy);
        return new GenerationOptions(copy.maxNewTokens, copy.sampling, copy.stopTokens, copy.stopsAtEos,
                copy.stopStrings, copy.numReturnSequences, copy.firstSampleIndex, copy.maxDraftTokens,
                copy.knownTokens, copy.numLogProbabilities, copy.priority, copy.share, copy.cancellation,
                copy.grammar);
    }

    /** The components, to be changed. */
    private static final class Copy {
        private int maxNewTokens;
        private SamplingOptions sampling;
        private Set<Integer> stopTokens;
        private boolean stopsAtEos;
        private List<String> stopStrings;
        private int numReturnSequences;
        private long firstSampleIndex;
        private int maxDraftTokens;
        private List<Integer> knownTokens;
        private int numLogProbabilities;
        private int priority;
        private ComputeShare share;
        private Cancellation cancellation;
        private @Nullable Grammar grammar;

        Copy(GenerationOptions options) {
            maxNewTokens = options.maxNewTokens;
            sampling = options.sampling;
            stopTokens = options.stopTokens;
            stopsAtEos = options.stopsAtEos;
            stopStrings = options.stopStrings;
            numReturnSequences = options.numReturnSequences;
            firstSampleIndex = options.firstSampleIndex;
            maxDraftTokens = options.maxDraftTokens;
            knownTokens = options.knownTokens;
            numLogProbabilities = options.numLogProbabilities;
            priority = options.priority;
            share = options.share;
            cancellation = options.cancellation;
            grammar = options.grammar;
        }
    }
}
