package io.github.pastkv.langchain4j;

import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponse;
import io.github.pastkv.chat.tools.ToolCallListener;
import io.github.pastkv.model.generation.Cancellation;
import io.github.pastkv.model.generation.GenerationListener;
import java.util.List;
import java.util.Set;

/**
 * LangChain4j's {@link ChatModel} on a model in this process. A conversation's prefix stays in the cache, by the ids of
 * the tokens that were generated, so that a turn computes only what is new; {@link PastKvTokenUsage} says how much was
 * reused. A JSON schema constrains the answer, which always is an instance of it unless a limit cuts it.
 *
 * <p>Safe for any number of threads; a request runs on its caller's thread, and those of several threads share forward
 * passes. An interrupt ends a request with a {@link java.util.concurrent.CancellationException}.
 */
public final class PastKvChatModel implements ChatModel, AutoCloseable {
    private final PastKvModelBuilder.Parts parts;

    private PastKvChatModel(PastKvModelBuilder.Parts parts) {
        this.parts = parts;
    }

    /** A builder; it needs a model. */
    public static Builder builder() {
        return new Builder();
    }

    /** Builds a chat model. */
    public static final class Builder extends PastKvModelBuilder<Builder> {
        private Builder() {}

        @Override
        Builder self() {
            return this;
        }

        /**
         * Loads the model if it is given by its path.
         *
         * @throws IllegalArgumentException unless there is one model, with a tokenizer
         * @throws java.io.UncheckedIOException if it cannot be read
         * @throws dev.langchain4j.exception.UnsupportedFeatureException naming a parameter that is not supported
         * @throws dev.langchain4j.exception.InvalidRequestException naming a parameter that is out of range
         */
        public PastKvChatModel build() {
            return new PastKvChatModel(parts());
        }
    }

    @Override
    public ChatResponse doChat(ChatRequest request) {
        return parts.backend().run(parts.backend().prepare(request), new Cancellation(), GenerationListener.NONE,
                ToolCallListener.NONE);
    }

    @Override
    public ChatRequestParameters defaultRequestParameters() {
        return parts.parameters();
    }

    @Override
    public List<ChatModelListener> listeners() {
        return parts.listeners();
    }

    @Override
    public Set<Capability> supportedCapabilities() {
        return parts.capabilities();
    }

    /** Cancels running requests, waits for them, and closes a model that {@code build} loaded. */
    @Override
    public void close() {
        parts.backend().close();
    }

    @Override
    public String toString() {
        return "PastKvChatModel[" + parts.backend() + "]";
    }
}
