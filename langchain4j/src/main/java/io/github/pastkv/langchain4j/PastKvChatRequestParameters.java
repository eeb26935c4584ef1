package io.github.pastkv.langchain4j;

import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.DefaultChatRequestParameters;
import io.github.pastkv.model.grammar.Grammar;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** LangChain4j's parameters of a request, and those that only PastKV has. Immutable. */
public final class PastKvChatRequestParameters extends DefaultChatRequestParameters {
    private final @Nullable Long seed;
    private final @Nullable Double minP;
    private final @Nullable Double repetitionPenalty;
    private final @Nullable Grammar grammar;
    private final @Nullable String cacheSalt;

    private PastKvChatRequestParameters(Builder builder) {
        super(builder);
        this.seed = builder.seed;
        this.minP = builder.minP;
        this.repetitionPenalty = builder.repetitionPenalty;
        this.grammar = builder.grammar;
        this.cacheSalt = builder.cacheSalt;
    }

    /** Seed of the draws: equal requests with equal seeds get equal answers. Without one, a random number. */
    public @Nullable Long seed() {
        return seed;
    }

    /** Tokens less probable than this times the best one are not drawn; in [0, 1]. */
    public @Nullable Double minP() {
        return minP;
    }

    /** Divides positive and multiplies negative logits of tokens that occurred; 1 for none. */
    public @Nullable Double repetitionPenalty() {
        return repetitionPenalty;
    }

    /** The texts that an answer must be one of: choices, a regular expression, a grammar. Not with a JSON format. */
    public @Nullable Grammar grammar() {
        return grammar;
    }

    /** Only requests of equal salt share cached prefixes; the empty one by default. */
    public @Nullable String cacheSalt() {
        return cacheSalt;
    }

    @Override
    public ChatRequestParameters overrideWith(@Nullable ChatRequestParameters that) {
        return that == null ? this : builder().overrideWith(this).overrideWith(that).build();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return super.equals(other) && other instanceof PastKvChatRequestParameters that
                && Objects.equals(seed, that.seed) && Objects.equals(minP, that.minP)
                && Objects.equals(repetitionPenalty, that.repetitionPenalty) && Objects.equals(grammar, that.grammar)
                && Objects.equals(cacheSalt, that.cacheSalt);
    }

    @Override
    public int hashCode() {
        return Objects.hash(super.hashCode(), seed, minP, repetitionPenalty, grammar, cacheSalt);
    }

    @Override
    public String toString() {
        return "PastKvChatRequestParameters[" + super.toString() + ", seed " + seed + ", minP " + minP
                + ", repetitionPenalty " + repetitionPenalty + ", grammar " + grammar + "]"; // the salt is a secret
    }

    /** A builder without parameters. */
    public static Builder builder() {
        return new Builder();
    }

    /** Builds parameters; what is not set is null. */
    public static final class Builder extends DefaultChatRequestParameters.Builder<Builder> {
        private @Nullable Long seed;
        private @Nullable Double minP;
        private @Nullable Double repetitionPenalty;
        private @Nullable Grammar grammar;
        private @Nullable String cacheSalt;

        private Builder() {}

        @Override
        public Builder overrideWith(ChatRequestParameters parameters) {
            super.overrideWith(parameters);
            if (parameters instanceof PastKvChatRequestParameters that) {
                seed = that.seed == null ? seed : that.seed;
                minP = that.minP == null ? minP : that.minP;
                repetitionPenalty = that.repetitionPenalty == null ? repetitionPenalty : that.repetitionPenalty;
                grammar = that.grammar == null ? grammar : that.grammar;
                cacheSalt = that.cacheSalt == null ? cacheSalt : that.cacheSalt;
            }
            return this;
        }

        public Builder seed(@Nullable Long newSeed) {
            seed = newSeed;
            return this;
        }

        public Builder minP(@Nullable Double newMinP) {
            minP = newMinP;
            return this;
        }

        public Builder repetitionPenalty(@Nullable Double newRepetitionPenalty) {
            repetitionPenalty = newRepetitionPenalty;
            return this;
        }

        public Builder grammar(@Nullable Grammar newGrammar) {
            grammar = newGrammar;
            return this;
        }

        public Builder cacheSalt(@Nullable String newCacheSalt) {
            cacheSalt = newCacheSalt;
            return this;
        }

        @Override
        public PastKvChatRequestParameters build() {
            return new PastKvChatRequestParameters(this);
        }
    }
}
