package io.github.pastkv.langchain4j;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.exception.InternalServerException;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.ChatResponseMetadata;
import dev.langchain4j.model.output.FinishReason;
import io.github.pastkv.cache.PoolExhaustedException;
import io.github.pastkv.chat.Chat;
import io.github.pastkv.chat.ChatMessage;
import io.github.pastkv.chat.Turn;
import io.github.pastkv.chat.tools.ToolCall;
import io.github.pastkv.chat.tools.ToolCallListener;
import io.github.pastkv.chat.tools.Tools;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.generation.Cancellation;
import io.github.pastkv.model.generation.Generation;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.grammar.Grammar;
import io.github.pastkv.model.grammar.GrammarException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * Answers LangChain4j's requests with a {@link Chat}. Safe for any number of threads; each request runs on its caller's
 * thread.
 */
final class ChatBackend implements AutoCloseable {
    private final Chat chat;
    private final String modelName;
    private final SessionOptions sessionOptions;
    private final RequestOptions options;
    private final @Nullable Model ownedModel;
    private final Map<Cancellation, Thread> running = new HashMap<>();
    private boolean closed;

    /**
     * A backend of a chat.
     *
     * @param defaults what a request gets that says nothing else
     * @param ownedModel the chat's model, if it is closed with the backend
     */
    ChatBackend(Chat chat, String modelName, SessionOptions sessionOptions, GenerationOptions defaults,
            @Nullable Model ownedModel) {
        this.chat = chat;
        this.ownedModel = ownedModel;
        this.modelName = modelName;
        this.sessionOptions = sessionOptions;
        this.options = new RequestOptions(modelName, defaults);
    }

    /** A request that has been read, and can be run. */
    record Prepared(Chat chat, List<ChatMessage> messages, GenerationOptions options,
            SessionOptions sessionOptions) {}

    /**
     * Reads a request.
     *
     * @throws IllegalStateException if the model is closed
     * @throws UnsupportedFeatureException naming what is not supported
     * @throws InvalidRequestException naming what is invalid
     */
    Prepared prepare(ChatRequest request) {
        requireOpen();
        ChatRequestParameters parameters = request.parameters();
        GenerationOptions generation = options.of(parameters);
        Optional<Tools> tools = tools(parameters, generation.grammar());
        return new Prepared(tools.map(this::withTools).orElse(chat), messages(request),
                tools.isPresent() ? generation.withGrammar(null) : generation, withSalt(parameters));
    }

    private static List<ChatMessage> messages(ChatRequest request) {
        try {
            return Messages.of(request.messages());
        } catch (IllegalArgumentException e) { // of a call whose arguments are no JSON
            throw new InvalidRequestException(e.getMessage(), e);
        }
    }

    /** Refuses default parameters that no request could have. */
    void requireSupported(ChatRequestParameters parameters) {
        tools(parameters, options.of(parameters).grammar()).ifPresent(this::withTools);
    }

    private Chat withTools(Tools tools) {
        try {
            return chat.withTools(tools);
        } catch (IllegalArgumentException e) { // names what the schema of a tool or the chat template lacks
            throw new UnsupportedFeatureException(e.getMessage());
        }
    }

    /** The tools of a request; a grammar that it has is that of answers without calls. */
    private static Optional<Tools> tools(ChatRequestParameters parameters, @Nullable Grammar text) {
        try {
            Optional<Tools> tools = RequestTools.of(parameters);
            return text == null ? tools : tools.map(each -> each.withText(text));
        } catch (IllegalArgumentException e) {
            throw new InvalidRequestException(e.getMessage(), e);
        }
    }

    private SessionOptions withSalt(ChatRequestParameters parameters) {
        @Nullable String salt = parameters instanceof PastKvChatRequestParameters own ? own.cacheSalt() : null;
        return salt == null ? sessionOptions : sessionOptions.withPrefixSalt(salt);
    }

    /**
     * Generates on this thread.
     *
     * @param cancellation of this request alone
     * @param listener receives the text outside calls, of row 0
     * @param calls receives calls of tools
     * @throws CancellationException if {@code cancellation}, {@link #close} or an interrupt ended it
     * @throws InvalidRequestException if the messages do not fit into the context or the format rejects them
     * @throws InternalServerException if the cache is full of other requests
     */
    ChatResponse run(Prepared request, Cancellation cancellation, GenerationListener listener, ToolCallListener calls) {
        begin(cancellation);
        try {
            CallCollector collector = new CallCollector(calls);
            Turn turn = request.chat().answer(request.messages(), request.options().withCancellation(cancellation),
                    request.sessionOptions(), listener, collector);
            return response(turn, collector.requests());
        } catch (PoolExhaustedException e) {
            throw new InternalServerException("the cache is full of other requests: " + e.getMessage(), e);
        } catch (IllegalArgumentException | GrammarException e) {
            throw new InvalidRequestException(e.getMessage(), e);
        } finally {
            end(cancellation);
        }
    }

    private synchronized void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the model is closed");
        }
    }

    private synchronized void begin(Cancellation cancellation) {
        requireOpen();
        running.put(cancellation, Thread.currentThread());
    }

    private synchronized void end(Cancellation cancellation) {
        running.remove(cancellation);
        notifyAll();
    }

    private ChatResponse response(Turn turn, List<ToolExecutionRequest> calls) {
        Generation generation = turn.generation().orElseThrow();
        int numPromptTokens = turn.numKnownTokens() + generation.numPromptTokens();
        int numTokens = generation.rows().getFirst().tokenIds().size();
        ChatResponseMetadata metadata = ChatResponseMetadata.builder().id("chatcmpl-" + UUID.randomUUID())
                .modelName(modelName).finishReason(finishReason(generation, !calls.isEmpty()))
                .tokenUsage(new PastKvTokenUsage(numPromptTokens, generation.numReusedTokens(), numTokens)).build();
        return ChatResponse.builder().aiMessage(message(turn, calls)).metadata(metadata).build();
    }

    private static AiMessage message(Turn turn, List<ToolExecutionRequest> calls) {
        return calls.isEmpty()
                ? AiMessage.from(turn.answer())
                : AiMessage.builder().text(turn.answer().isEmpty() ? null : turn.answer()).toolExecutionRequests(calls)
                        .build();
    }

    /** A call as LangChain4j has it. */
    static ToolExecutionRequest request(ToolCall call) {
        return ToolExecutionRequest.builder().id(call.id()).name(call.name()).arguments(call.arguments()).build();
    }

    private static FinishReason finishReason(Generation generation, boolean hasCalls) {
        return switch (generation.reason()) {
            case LENGTH, CONTEXT_FULL -> FinishReason.LENGTH;
            case STOP_TOKEN, STOP_STRING -> hasCalls ? FinishReason.TOOL_EXECUTION : FinishReason.STOP;
            case CANCELED -> throw new CancellationException("the generation was canceled");
        };
    }

    /**
     * Cancels the running requests, waits for them, and closes the model if it is owned. Closing again does nothing.
     *
     * @throws IllegalStateException on the thread of a running request, which would wait for itself
     */
    @Override
    public void close() {
        cancelAll();
        if (ownedModel != null) {
            ownedModel.close();
        }
    }

    private synchronized void cancelAll() {
        if (running.containsValue(Thread.currentThread())) {
            throw new IllegalStateException("close: called by a request of this model");
        }
        closed = true;
        running.keySet().forEach(Cancellation::cancel);
        boolean interrupted = false;
        while (!running.isEmpty()) { // each ends within one step
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public String toString() {
        return modelName;
    }
}
