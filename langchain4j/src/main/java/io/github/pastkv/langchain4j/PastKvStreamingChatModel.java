package io.github.pastkv.langchain4j;

import dev.langchain4j.exception.RateLimitException;
import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * LangChain4j's {@link StreamingChatModel} on a model in this process; otherwise like {@link PastKvChatModel}. All
 * callbacks of a request come from one thread of the executor. A handler may cancel its request through the context of
 * a partial response; nothing is called after that.
 *
 * <p>Safe for any number of threads.
 */
public final class PastKvStreamingChatModel implements StreamingChatModel, AutoCloseable {
    private static final int MAX_RUNNING = 16; // more would share the same processors
    private static final int MAX_WAITING = 1024;

    private final PastKvModelBuilder.Parts parts;
    private final Executor executor;
    private final @Nullable ThreadPoolExecutor ownExecutor;

    private PastKvStreamingChatModel(PastKvModelBuilder.Parts parts, @Nullable Executor executor) {
        this.parts = parts;
        this.ownExecutor = executor == null ? newExecutor() : null;
        this.executor = executor == null ? Objects.requireNonNull(ownExecutor) : executor;
    }

    private static ThreadPoolExecutor newExecutor() {
        ThreadPoolExecutor threads = new ThreadPoolExecutor(MAX_RUNNING, MAX_RUNNING, 10, TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(MAX_WAITING), Thread.ofPlatform().daemon().name("pastkv-chat-", 0).factory());
        threads.allowCoreThreadTimeOut(true);
        return threads;
    }

    /** A builder; it needs a model. */
    public static Builder builder() {
        return new Builder();
    }

    /** Builds a streaming chat model. */
    public static final class Builder extends PastKvModelBuilder<Builder> {
        private @Nullable Executor executor;

        private Builder() {}

        @Override
        Builder self() {
            return this;
        }

        /**
         * Runs the requests. By default up to 16 daemon threads, which end when they are idle, and up to 1024 waiting
         * requests; more are refused with a {@link RateLimitException}.
         */
        public Builder executor(Executor newExecutor) {
            executor = Objects.requireNonNull(newExecutor, "executor: null");
            return this;
        }

        /** Loads the model if it is given by its path; errors are those of {@link PastKvChatModel.Builder#build}. */
        public PastKvStreamingChatModel build() {
            return new PastKvStreamingChatModel(parts(), executor);
        }
    }

    /**
     * Starts a request.
     *
     * @throws dev.langchain4j.exception.UnsupportedFeatureException naming what is not supported
     * @throws dev.langchain4j.exception.InvalidRequestException naming a parameter that is out of range
     * @throws RateLimitException if too many requests wait
     */
    @Override
    public void doChat(ChatRequest request, StreamingChatResponseHandler handler) {
        ChatStream stream = new ChatStream(parts.backend(), parts.backend().prepare(request), handler);
        try {
            executor.execute(stream);
        } catch (RejectedExecutionException e) {
            throw new RateLimitException("the executor accepts no request: " + e.getMessage(), e);
        }
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

    /**
     * Cancels running requests, whose handlers get an error, waits for them, and closes a model that {@code build}
     * loaded.
     *
     * @throws IllegalStateException if a handler calls it
     */
    @Override
    public void close() {
        parts.backend().close();
        if (ownExecutor != null) {
            ownExecutor.shutdown(); // what still waits fails, and tells its handler
        }
    }

    @Override
    public String toString() {
        return "PastKvStreamingChatModel[" + parts.backend() + "]";
    }
}
