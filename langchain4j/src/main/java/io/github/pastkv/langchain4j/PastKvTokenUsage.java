package io.github.pastkv.langchain4j;

import dev.langchain4j.model.output.TokenUsage;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Token usage with the number of prompt tokens that were reused from the prefix cache. Immutable. */
public final class PastKvTokenUsage extends TokenUsage {
    private final int cachedInputTokenCount;

    /**
     * The usage of a request.
     *
     * @param inputTokenCount tokens of the prompt
     * @param cachedInputTokenCount how many of them were reused from the prefix cache, and not computed
     * @param outputTokenCount generated tokens
     */
    public PastKvTokenUsage(int inputTokenCount, int cachedInputTokenCount, int outputTokenCount) {
        super(inputTokenCount, outputTokenCount, inputTokenCount + outputTokenCount);
        this.cachedInputTokenCount = cachedInputTokenCount;
    }

    /** Tokens of the prompt that were reused from the prefix cache. */
    public int cachedInputTokenCount() {
        return cachedInputTokenCount;
    }

    /** The sum; that of an AI service's calls, for example. The cached tokens of another kind of usage are unknown. */
    @Override
    public TokenUsage add(@Nullable TokenUsage that) {
        if (that == null) {
            return this;
        }
        if (!(that instanceof PastKvTokenUsage other)) {
            return TokenUsage.sum(new TokenUsage(inputTokenCount(), outputTokenCount(), totalTokenCount()), that);
        }
        return new PastKvTokenUsage(inputTokenCount() + other.inputTokenCount(),
                cachedInputTokenCount + other.cachedInputTokenCount, outputTokenCount() + other.outputTokenCount());
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return super.equals(other) && other instanceof PastKvTokenUsage usage
                && usage.cachedInputTokenCount == cachedInputTokenCount;
    }

    @Override
    public int hashCode() {
        return Objects.hash(super.hashCode(), cachedInputTokenCount);
    }

    @Override
    public String toString() {
        return "PastKvTokenUsage[inputTokenCount " + inputTokenCount() + ", cachedInputTokenCount "
                + cachedInputTokenCount + ", outputTokenCount " + outputTokenCount() + "]";
    }
}
