package io.github.pastkv.springai;

import io.github.pastkv.chat.tools.ToolChoice;
import io.github.pastkv.model.grammar.Grammar;
import io.github.pastkv.model.sampling.SamplingOptions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.DefaultChatOptionsBuilder;
import org.springframework.ai.model.tool.DefaultStructuredOutputChatOptions;
import org.springframework.ai.model.tool.DefaultToolCallingChatOptions;
import org.springframework.ai.model.tool.StructuredOutputChatOptions;
import org.springframework.ai.tool.ToolCallback;

/**
 * Options of a call: Spring AI's portable ones, and those that PastKV adds. What is null follows the model's
 * {@code generation_config.json}; without a limit of tokens an answer may fill the context. Immutable.
 */
public final class PastKvChatOptions extends DefaultToolCallingChatOptions implements StructuredOutputChatOptions {
    private final @Nullable Double minP;
    private final @Nullable Double repetitionPenalty;
    private final @Nullable Long seed;
    private final @Nullable String outputSchema;
    private final @Nullable Grammar grammar;
    private final @Nullable String cacheSalt;
    private final @Nullable Integer priority;
    private final @Nullable ToolChoice toolChoice;
    private final @Nullable Boolean parallelToolCalls;

    private PastKvChatOptions(Builder builder, Portable portable) {
        super(portable.toolCallbacks, portable.toolContext, portable.model, portable.frequencyPenalty,
                portable.maxTokens, portable.presencePenalty, portable.stopSequences, portable.temperature,
                portable.topK, portable.topP);
        this.minP = builder.minP;
        this.repetitionPenalty = builder.repetitionPenalty;
        this.seed = builder.seed;
        this.outputSchema = builder.outputSchema;
        this.grammar = builder.grammar;
        this.cacheSalt = builder.cacheSalt;
        this.priority = builder.priority;
        this.toolChoice = builder.toolChoice;
        this.parallelToolCalls = builder.parallelToolCalls;
        requireValid();
    }

    /** What the builder of Spring AI's options has; its fields can be read by subclasses only. */
    private record Portable(@Nullable List<ToolCallback> toolCallbacks, @Nullable Map<String, Object> toolContext,
            @Nullable String model, @Nullable Double frequencyPenalty, @Nullable Integer maxTokens,
            @Nullable Double presencePenalty, @Nullable List<String> stopSequences, @Nullable Double temperature,
            @Nullable Integer topK, @Nullable Double topP) {}

    private void requireValid() {
        sampling(SamplingOptions.GREEDY); // refuses its values by name
        Integer maxTokens = getMaxTokens();
        if (maxTokens != null && maxTokens < 1) {
            throw new IllegalArgumentException("maxTokens: " + maxTokens + ", must be at least 1");
        }
        List<String> stopSequences = getStopSequences();
        if (stopSequences != null && stopSequences.contains("")) {
            throw new IllegalArgumentException("stopSequences: one is empty");
        }
        if (outputSchema != null && grammar != null) {
            throw new IllegalArgumentException("grammar: is set beside outputSchema; an answer can follow only one");
        }
    }

    /** Options without a value. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Options with the values of others.
     *
     * @throws IllegalArgumentException naming the class, if they are those of another model
     */
    static PastKvChatOptions of(ChatOptions options) {
        return options instanceof PastKvChatOptions own ? own : builder().combineWith(options.mutate()).build();
    }

    /** Least probability of a token, as a part of that of the best one. */
    public @Nullable Double getMinP() {
        return minP;
    }

    /** Divides positive and multiplies negative logits of tokens that occurred. */
    public @Nullable Double getRepetitionPenalty() {
        return repetitionPenalty;
    }

    /** Seed of the draws: equal prompts, options and seeds give equal answers. If null, each call has a new one. */
    public @Nullable Long getSeed() {
        return seed;
    }

    /** JSON schema that the answer is an instance of; constrains decoding. */
    @Override
    public @Nullable String getOutputSchema() {
        return outputSchema;
    }

    /** Texts that the answer must be one of. */
    public @Nullable Grammar getGrammar() {
        return grammar;
    }

    /** Only calls with equal salts share cached prefixes. */
    public @Nullable String getCacheSalt() {
        return cacheSalt;
    }

    /** Calls with a higher priority are computed first. */
    public @Nullable Integer getPriority() {
        return priority;
    }

    /** Whether and which tools are called; null for what the model decides. */
    public @Nullable ToolChoice getToolChoice() {
        return toolChoice;
    }

    /** Whether an answer may hold several calls of tools; null where the model's template can write that. */
    public @Nullable Boolean getParallelToolCalls() {
        return parallelToolCalls;
    }

    /** How tokens are chosen, with defaults for what is null. */
    SamplingOptions sampling(SamplingOptions defaults) {
        return defaults.withTemperature(orElse(getTemperature(), defaults.temperature()))
                .withTopK(orElse(getTopK(), defaults.topK()))
                .withTopP(orElse(getTopP(), defaults.topP()))
                .withMinP(orElse(minP, defaults.minP()))
                .withRepetitionPenalty(orElse(repetitionPenalty, defaults.repetitionPenalty()))
                .withPresencePenalty(orElse(getPresencePenalty(), defaults.presencePenalty()))
                .withFrequencyPenalty(orElse(getFrequencyPenalty(), defaults.frequencyPenalty()))
                .withSeed(orElse(seed, defaults.seed()));
    }

    private static <T> T orElse(@Nullable T value, T absent) {
        return value == null ? absent : value;
    }

    @Override
    public Builder mutate() {
        return builder().model(getModel()).frequencyPenalty(getFrequencyPenalty()).maxTokens(getMaxTokens())
                .presencePenalty(getPresencePenalty()).stopSequences(getStopSequences())
                .temperature(getTemperature()).topK(getTopK()).topP(getTopP()).toolCallbacks(getToolCallbacks())
                .toolContext(getToolContext()).minP(minP).repetitionPenalty(repetitionPenalty).seed(seed)
                .outputSchema(outputSchema).grammar(grammar).cacheSalt(cacheSalt).priority(priority)
                .toolChoice(toolChoice).parallelToolCalls(parallelToolCalls);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof PastKvChatOptions that && super.equals(that) && ownValues().equals(that.ownValues());
    }

    @Override
    public int hashCode() {
        return Objects.hash(super.hashCode(), ownValues());
    }

    @Override
    public String toString() {
        return "PastKvChatOptions[model " + getModel() + ", temperature " + getTemperature() + ", topP " + getTopP()
                + ", topK " + getTopK() + ", maxTokens " + getMaxTokens() + ", stopSequences " + getStopSequences()
                + ", presencePenalty " + getPresencePenalty() + ", frequencyPenalty " + getFrequencyPenalty()
                + ", minP, repetitionPenalty, seed, outputSchema, grammar, cacheSalt, priority,"
                + " toolChoice, parallelToolCalls " + ownValues() + "]";
    }

    private List<@Nullable Object> ownValues() {
        return Arrays.asList(minP, repetitionPenalty, seed, outputSchema, grammar, cacheSalt, priority, toolChoice,
                parallelToolCalls);
    }

    /** Collects options. A value of null is one that is not set. For one thread. */
    public static final class Builder extends DefaultToolCallingChatOptions.Builder<Builder>
            implements StructuredOutputChatOptions.Builder<Builder> {
        private @Nullable Double minP;
        private @Nullable Double repetitionPenalty;
        private @Nullable Long seed;
        private @Nullable String outputSchema;
        private @Nullable Grammar grammar;
        private @Nullable String cacheSalt;
        private @Nullable Integer priority;
        private @Nullable ToolChoice toolChoice;
        private @Nullable Boolean parallelToolCalls;

        private Builder() {}

        /** Draw from tokens at least this times as probable as the best one; in [0, 1]. */
        public Builder minP(@Nullable Double newMinP) {
            minP = newMinP;
            return this;
        }

        /** Divides positive and multiplies negative logits of tokens that occurred; 1 for none. */
        public Builder repetitionPenalty(@Nullable Double newRepetitionPenalty) {
            repetitionPenalty = newRepetitionPenalty;
            return this;
        }

        /** Seed of the draws. */
        public Builder seed(@Nullable Long newSeed) {
            seed = newSeed;
            return this;
        }

        /** Constrains the answer to a JSON schema (draft 2020-12; what is not supported is refused by its keyword). */
        @Override
        public Builder outputSchema(@Nullable String newOutputSchema) {
            outputSchema = newOutputSchema;
            return this;
        }

        /** Constrains the answer to choices, a regular expression or another grammar. Reuse it for calls of a kind. */
        public Builder grammar(@Nullable Grammar newGrammar) {
            grammar = newGrammar;
            return this;
        }

        /** Keeps cached prefixes of different users apart. */
        public Builder cacheSalt(@Nullable String newCacheSalt) {
            cacheSalt = newCacheSalt;
            return this;
        }

        /** Order of calls that do not all fit into a pass or into memory: higher ones first; 0 if not set. */
        public Builder priority(@Nullable Integer newPriority) {
            priority = newPriority;
            return this;
        }

        /** Whether and which tools are called, if there are any. */
        public Builder toolChoice(@Nullable ToolChoice newToolChoice) {
            toolChoice = newToolChoice;
            return this;
        }

        /** Whether an answer may hold several calls of tools. */
        public Builder parallelToolCalls(@Nullable Boolean newParallelToolCalls) {
            parallelToolCalls = newParallelToolCalls;
            return this;
        }

        /**
         * Takes the values of {@code other} that are set.
         *
         * @throws IllegalArgumentException naming the class, if they are those of another model, whose own options
         *         would be lost
         */
        @Override
        public Builder combineWith(ChatOptions.Builder<?> other) {
            if (!(other instanceof Builder) && !isPortable(other)) {
                throw new IllegalArgumentException("options: " + other.getClass().getName()
                        + " are those of another model; use PastKvChatOptions.builder() or ChatOptions.builder()");
            }
            super.combineWith(other);
            if (other instanceof Builder that) {
                minP = orElseNull(that.minP, minP);
                repetitionPenalty = orElseNull(that.repetitionPenalty, repetitionPenalty);
                seed = orElseNull(that.seed, seed);
                outputSchema = orElseNull(that.outputSchema, outputSchema);
                grammar = orElseNull(that.grammar, grammar);
                cacheSalt = orElseNull(that.cacheSalt, cacheSalt);
                priority = orElseNull(that.priority, priority);
                toolChoice = orElseNull(that.toolChoice, toolChoice);
                parallelToolCalls = orElseNull(that.parallelToolCalls, parallelToolCalls);
            } else if (other.build() instanceof StructuredOutputChatOptions structured) {
                outputSchema = orElseNull(structured.getOutputSchema(), outputSchema);
            }
            return this;
        }

        private static boolean isPortable(ChatOptions.Builder<?> other) {
            return List.of(DefaultChatOptionsBuilder.class, DefaultToolCallingChatOptions.Builder.class,
                    DefaultStructuredOutputChatOptions.Builder.class).contains(other.getClass());
        }

        private static <T> @Nullable T orElseNull(@Nullable T value, @Nullable T absent) {
            return value == null ? absent : value;
        }

        /**
         * The options.
         *
         * @throws IllegalArgumentException naming a value that is out of range
         */
        @Override
        public PastKvChatOptions build() {
            return new PastKvChatOptions(this, new Portable(toolCallbacks, toolContext, model, frequencyPenalty,
                    maxTokens, presencePenalty, stopSequences, temperature, topK, topP));
        }
    }
}
