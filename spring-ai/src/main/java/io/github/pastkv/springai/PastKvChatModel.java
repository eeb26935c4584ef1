package io.github.pastkv.springai;

import io.github.pastkv.cache.KvPool;
import io.github.pastkv.chat.Chat;
import io.github.pastkv.chat.ChatMessage;
import io.github.pastkv.chat.Turn;
import io.github.pastkv.chat.tools.Tools;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.generation.Cancellation;
import io.github.pastkv.model.generation.Generation;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.contextpropagation.ObservationThreadLocalAccessor;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.MessageAggregator;
import org.springframework.ai.chat.observation.ChatModelObservationContext;
import org.springframework.ai.chat.observation.ChatModelObservationConvention;
import org.springframework.ai.chat.observation.ChatModelObservationDocumentation;
import org.springframework.ai.chat.observation.DefaultChatModelObservationConvention;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;
import reactor.core.scheduler.Schedulers;

/**
 * Spring AI's chat model over a {@link Model} in this process. The prefix that a prompt shares with earlier ones is
 * reused, and so are the tokens of earlier answers as they were generated: a turn of a conversation computes only what
 * is new. {@code Usage.getCacheReadInputTokens} has the number of reused tokens.
 *
 * <p>The options of a prompt are taken as they are, and those of this model where it has none. Each is honored or
 * refused by name. A stream is generated on a thread of {@link Schedulers#boundedElastic}; a subscriber that cancels
 * ends its generation within one step.
 *
 * <p>Safe for any number of threads; the steps of concurrent calls run as one batch. Does not own the model: close this
 * first, then the model.
 */
public final class PastKvChatModel implements ChatModel, AutoCloseable {
    private static final String PROVIDER = "pastkv";
    private static final ChatModelObservationConvention DEFAULT_CONVENTION =
            new DefaultChatModelObservationConvention();

    private final Chat chat;
    private final String name;
    private final PastKvChatOptions options;
    private final RequestOptions requestOptions;
    private final SessionOptions sessionOptions;
    private final Session idle; // keeps hold of the pool that all calls share; holds no block
    private final ObservationRegistry observations;
    private final ChatModelObservationConvention convention;
    private final RunningCalls running = new RunningCalls();
    private final LongAdder numPromptTokens = new LongAdder();
    private final LongAdder numCachedTokens = new LongAdder();
    private final LongAdder numGeneratedTokens = new LongAdder();

    private PastKvChatModel(Builder builder, Model model) throws IOException {
        this.chat = Chat.of(model);
        this.name = builder.name != null ? builder.name : nameOf(model);
        this.options = builder.options;
        this.requestOptions = new RequestOptions(name, model.generationOptions());
        this.sessionOptions = builder.sessionOptions;
        this.observations = builder.observations;
        this.convention = builder.convention;
        requestOptions.of(options); // refuses defaults that no call could have
        this.idle = model.newSession(sessionOptions);
    }

    private static String nameOf(Model model) {
        return model.folder().toAbsolutePath().normalize().getFileName().toString();
    }

    /** Builds a chat model. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Answers a prompt on this thread.
     *
     * @throws IllegalArgumentException naming what is not supported, or when the messages do not fit into the context
     * @throws io.github.pastkv.cache.PoolExhaustedException when the cache is full of other calls
     * @throws IllegalStateException if this is closed
     */
    @Override
    public ChatResponse call(Prompt prompt) {
        Call call = new Call(prompt);
        ChatModelObservationContext context = call.context(false);
        return Objects.requireNonNull(observation(context).observe(() -> {
            ChatResponse response = call.responses.whole(call.run(GenerationListener.NONE));
            context.setResponse(response);
            return response;
        }));
    }

    /**
     * Answers a prompt piece by piece; the last piece has no text, but calls of tools, the finish reason and the usage.
     * Nothing runs before there is a subscriber. Pieces that it has not requested yet wait in memory, at most one
     * answer.
     */
    @Override
    public Flux<ChatResponse> stream(Prompt prompt) {
        return Flux.deferContextual(view -> {
            Call call = new Call(prompt);
            ChatModelObservationContext context = call.context(true);
            Observation observation = observation(context);
            observation.parentObservation(view.getOrDefault(ObservationThreadLocalAccessor.KEY, null)).start();
            Flux<ChatResponse> parts = Flux.create(call::stream);
            // not with requests on the same thread: they would wait until all is generated
            Flux<ChatResponse> observed = parts.subscribeOn(Schedulers.boundedElastic(), false)
                    .doOnError(observation::error).doFinally(_ -> observation.stop())
                    .contextWrite(each -> each.put(ObservationThreadLocalAccessor.KEY, observation));
            return new MessageAggregator().aggregate(observed, context::setResponse);
        });
    }

    private Observation observation(ChatModelObservationContext context) {
        return ChatModelObservationDocumentation.CHAT_MODEL_OPERATION.observation(convention, DEFAULT_CONVENTION,
                () -> context, observations);
    }

    /** One prompt, whose options and messages have been read. */
    private final class Call {
        private final Prompt prompt;
        private final Chat answering;
        private final List<ChatMessage> messages;
        private final GenerationOptions generationOptions;
        private final SessionOptions session;
        private final Cancellation cancellation = new Cancellation();
        private final Responses responses = new Responses(name);

        Call(Prompt asked) {
            @Nullable ChatOptions askedOptions = asked.getOptions();
            PastKvChatOptions own = askedOptions == null ? options : PastKvChatOptions.of(askedOptions);
            messages = SpringMessages.toChat(asked.getInstructions());
            GenerationOptions generation = requestOptions.of(own).withCancellation(cancellation);
            Optional<Tools> tools = requestOptions.tools(own, generation.grammar());
            answering = tools.map(chat::withTools).orElse(chat);
            generationOptions = tools.isPresent() ? generation.withGrammar(null) : generation;
            @Nullable String salt = own.getCacheSalt();
            session = salt == null ? sessionOptions : sessionOptions.withPrefixSalt(salt);
            prompt = asked.mutate().chatOptions(own.mutate().model(name).build()).build();
        }

        ChatModelObservationContext context(boolean streams) {
            return ChatModelObservationContext.builder().prompt(prompt).provider(PROVIDER).streaming(streams).build();
        }

        Turn run(GenerationListener listener) {
            running.begin(cancellation);
            try {
                Turn turn = answering.answer(messages, generationOptions, session, listener);
                count(turn);
                return turn;
            } finally {
                running.end(cancellation);
            }
        }

        void stream(FluxSink<ChatResponse> sink) {
            sink.onDispose(cancellation::cancel);
            try {
                Turn turn = run(GenerationListener.ofText(text -> sink.next(responses.part(text))));
                sink.next(responses.end(turn));
                sink.complete();
            } catch (RuntimeException | Error e) {
                sink.error(e);
            }
        }
    }

    private void count(Turn turn) {
        Generation generation = turn.generation().orElseThrow();
        numPromptTokens.add(Responses.numPromptTokens(turn));
        numCachedTokens.add(generation.numReusedTokens());
        numGeneratedTokens.add(generation.rows().getFirst().tokenIds().size());
    }

    /** The options of prompts that have none. */
    @Override
    public PastKvChatOptions getOptions() {
        return options;
    }

    /** The name in responses; the option {@code model} of a prompt must be equal to it, if set. */
    public String name() {
        return name;
    }

    /** What it has done so far. */
    public PastKvChatStats stats() {
        return new PastKvChatStats(running.count(), numPromptTokens.sum(), numCachedTokens.sum(),
                numGeneratedTokens.sum());
    }

    /** The model that answers. */
    public Model model() {
        return chat.model();
    }

    /** The memory of keys and values that all calls share; closed with this. */
    public KvPool pool() {
        return idle.cache().pool();
    }

    /** Whether it has been closed. */
    public boolean isClosed() {
        return running.isClosed();
    }

    /** Ends running calls within one step each, and refuses new ones. Does not close the model. */
    @Override
    public void close() {
        running.close();
        idle.close();
    }

    @Override
    public String toString() {
        return "PastKvChatModel[" + name + "]";
    }

    /** Builds chat models. For one thread. */
    public static final class Builder {
        private @Nullable Model model;
        private @Nullable String name;
        private PastKvChatOptions options = PastKvChatOptions.builder().build();
        private SessionOptions sessionOptions = SessionOptions.defaults();
        private ObservationRegistry observations = ObservationRegistry.NOOP;
        private ChatModelObservationConvention convention = DEFAULT_CONVENTION;

        private Builder() {}

        /** The model that answers, with a tokenizer; not closed. Required. */
        public Builder model(Model newModel) {
            model = Objects.requireNonNull(newModel, "model: null");
            return this;
        }

        /** The name in responses; by default that of the model's folder or file. */
        public Builder name(String newName) {
            name = Objects.requireNonNull(newName, "name: null");
            return this;
        }

        /** The options of prompts that have none. */
        public Builder options(PastKvChatOptions newOptions) {
            options = Objects.requireNonNull(newOptions, "options: null");
            return this;
        }

        /** Storage of keys and values: type, block size, limits; one row. */
        public Builder sessionOptions(SessionOptions newSessionOptions) {
            sessionOptions = Objects.requireNonNull(newSessionOptions, "sessionOptions: null");
            return this;
        }

        /** Where calls are observed; nowhere by default. */
        public Builder observationRegistry(ObservationRegistry newObservations) {
            observations = Objects.requireNonNull(newObservations, "observationRegistry: null");
            return this;
        }

        /** Names and key values of observations; Spring AI's by default. */
        public Builder observationConvention(ChatModelObservationConvention newConvention) {
            convention = Objects.requireNonNull(newConvention, "observationConvention: null");
            return this;
        }

        /**
         * The chat model.
         *
         * @throws IllegalStateException if there is no model
         * @throws IllegalArgumentException naming an option that does not fit the model, or if it has no tokenizer
         * @throws IOException if the model's chat template cannot be read
         */
        public PastKvChatModel build() throws IOException {
            if (model == null) {
                throw new IllegalStateException("model: not set");
            }
            return new PastKvChatModel(this, model);
        }
    }
}
