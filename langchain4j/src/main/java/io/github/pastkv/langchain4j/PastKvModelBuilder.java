package io.github.pastkv.langchain4j;

import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.ResponseFormat;
import io.github.pastkv.chat.Chat;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.grammar.Grammar;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What the builders of {@link PastKvChatModel} and {@link PastKvStreamingChatModel} have in common: where the model
 * comes from, and the default parameters of its requests. What is not set is as the model's authors recommend.
 *
 * @param <B> the builder
 */
public abstract class PastKvModelBuilder<B extends PastKvModelBuilder<B>> {
    private @Nullable Path modelPath;
    private @Nullable Model model;
    private @Nullable Chat chat;
    private ModelOptions modelOptions = ModelOptions.defaults();
    private SessionOptions sessionOptions = SessionOptions.defaults();
    private @Nullable GenerationOptions generationOptions;
    private @Nullable ChatRequestParameters defaultParameters;
    private final PastKvChatRequestParameters.Builder parameters = PastKvChatRequestParameters.builder();
    private List<ChatModelListener> listeners = List.of();
    private @Nullable Set<Capability> supportedCapabilities;

    PastKvModelBuilder() {}

    abstract B self();

    /** A Hugging Face folder or a GGUF file, which {@code build} loads; the built model closes it. */
    public B modelPath(Path newModelPath) {
        modelPath = Objects.requireNonNull(newModelPath, "modelPath: null");
        return self();
    }

    /** A loaded model; its owner closes it. */
    public B model(Model newModel) {
        model = Objects.requireNonNull(newModel, "model: null");
        return self();
    }

    /**
     * A chat on a loaded model; its owner closes the model. Models that are built with one chat share the tokens of
     * their conversations.
     */
    public B chat(Chat newChat) {
        chat = Objects.requireNonNull(newChat, "chat: null");
        return self();
    }

    /** How {@link #modelPath} is loaded: kernels, threads, cache tiers. */
    public B modelOptions(ModelOptions newModelOptions) {
        modelOptions = Objects.requireNonNull(newModelOptions, "modelOptions: null");
        return self();
    }

    /** Types and limits of the cache. */
    public B sessionOptions(SessionOptions newSessionOptions) {
        sessionOptions = Objects.requireNonNull(newSessionOptions, "sessionOptions: null");
        return self();
    }

    /**
     * What a request gets that neither its parameters nor the default ones say, such as speculative decoding or logit
     * biases; {@link Model#generationOptions} by default.
     */
    public B generationOptions(GenerationOptions newGenerationOptions) {
        generationOptions = Objects.requireNonNull(newGenerationOptions, "generationOptions: null");
        return self();
    }

    /** The name that responses give, and the only one that requests may; the last name of the path by default. */
    public B modelName(@Nullable String newModelName) {
        parameters.modelName(newModelName);
        return self();
    }

    /** Divides the logits; 0 takes the best token. */
    public B temperature(@Nullable Double newTemperature) {
        parameters.temperature(newTemperature);
        return self();
    }

    /** Draws from the fewest best tokens whose probability reaches this; in [0, 1]. */
    public B topP(@Nullable Double newTopP) {
        parameters.topP(newTopP);
        return self();
    }

    /** Draws from this many best tokens; 0 for all. */
    public B topK(@Nullable Integer newTopK) {
        parameters.topK(newTopK);
        return self();
    }

    /** {@link PastKvChatRequestParameters#minP}. */
    public B minP(@Nullable Double newMinP) {
        parameters.minP(newMinP);
        return self();
    }

    /** Taken off the logits of tokens for each time that they were generated. */
    public B frequencyPenalty(@Nullable Double newFrequencyPenalty) {
        parameters.frequencyPenalty(newFrequencyPenalty);
        return self();
    }

    /** Taken off the logits of tokens that were generated. */
    public B presencePenalty(@Nullable Double newPresencePenalty) {
        parameters.presencePenalty(newPresencePenalty);
        return self();
    }

    /** {@link PastKvChatRequestParameters#repetitionPenalty}. */
    public B repetitionPenalty(@Nullable Double newRepetitionPenalty) {
        parameters.repetitionPenalty(newRepetitionPenalty);
        return self();
    }

    /** {@link PastKvChatRequestParameters#seed}. */
    public B seed(@Nullable Long newSeed) {
        parameters.seed(newSeed);
        return self();
    }

    /** Texts that end an answer; they are not part of it. */
    public B stop(List<String> newStop) {
        parameters.stopSequences(newStop);
        return self();
    }

    /** Most tokens of an answer; by default as many as the context has room for. */
    public B maxTokens(@Nullable Integer newMaxTokens) {
        parameters.maxOutputTokens(newMaxTokens);
        return self();
    }

    /** JSON, with or without a schema: every answer that is not cut is such a text. */
    public B responseFormat(@Nullable ResponseFormat newResponseFormat) {
        parameters.responseFormat(newResponseFormat);
        return self();
    }

    /** {@link PastKvChatRequestParameters#grammar}. */
    public B grammar(@Nullable Grammar newGrammar) {
        parameters.grammar(newGrammar);
        return self();
    }

    /** {@link PastKvChatRequestParameters#cacheSalt}. */
    public B cacheSalt(@Nullable String newCacheSalt) {
        parameters.cacheSalt(newCacheSalt);
        return self();
    }

    /** Default parameters of requests; what this builder sets one by one comes before them. */
    public B defaultRequestParameters(ChatRequestParameters newDefaultParameters) {
        defaultParameters = Objects.requireNonNull(newDefaultParameters, "defaultRequestParameters: null");
        return self();
    }

    /** Are told of requests, responses and errors. */
    public B listeners(List<ChatModelListener> newListeners) {
        listeners = List.copyOf(newListeners);
        return self();
    }

    /** What AI services may use; by default JSON schemas as a response format, if the tokenizer fits. */
    public B supportedCapabilities(Set<Capability> newSupportedCapabilities) {
        supportedCapabilities = Set.copyOf(newSupportedCapabilities);
        return self();
    }

    /** What a model is built from. */
    record Parts(ChatBackend backend, ChatRequestParameters parameters, List<ChatModelListener> listeners,
            Set<Capability> capabilities) {}

    /**
     * Loads the model if needed.
     *
     * @throws IllegalArgumentException unless there is one model, with a tokenizer
     * @throws UncheckedIOException if it cannot be read
     * @throws dev.langchain4j.exception.UnsupportedFeatureException naming a default parameter that is not supported
     */
    Parts parts() {
        long numModels = Stream.of(modelPath, model, chat).filter(Objects::nonNull).count();
        if (numModels != 1) {
            throw new IllegalArgumentException(
                    "modelPath, model, chat: " + numModels + " of them are set, must be one");
        }
        @Nullable Model loaded = null;
        try {
            loaded = modelPath == null ? null : Model.load(modelPath, modelOptions);
            return parts(loaded);
        } catch (IOException e) {
            closeIfLoaded(loaded);
            throw new UncheckedIOException(String.valueOf(e.getMessage()), e);
        } catch (RuntimeException | Error e) {
            closeIfLoaded(loaded);
            throw e;
        }
    }

    private Parts parts(@Nullable Model loaded) throws IOException {
        Chat used = chat == null ? Chat.of(loaded == null ? Objects.requireNonNull(model) : loaded) : chat;
        PastKvChatRequestParameters own = parameters.build();
        String name = own.modelName() == null ? nameOf(used.model()) : own.modelName();
        PastKvChatRequestParameters.Builder all = PastKvChatRequestParameters.builder();
        ChatBackend backend = new ChatBackend(used, name, sessionOptions,
                generationOptions == null ? used.model().generationOptions() : generationOptions, loaded);
        if (defaultParameters != null) {
            backend.requireSupported(defaultParameters);
            all.overrideWith(defaultParameters);
        }
        PastKvChatRequestParameters merged = all.overrideWith(own).modelName(name).build();
        backend.requireSupported(merged);
        return new Parts(backend, merged, listeners,
                supportedCapabilities == null ? capabilities(used.model()) : supportedCapabilities);
    }

    private static String nameOf(Model model) {
        @Nullable Path name = model.folder().toAbsolutePath().normalize().getFileName();
        return name == null ? "pastkv" : name.toString();
    }

    /** Grammars need tokens with bytes of their own. */
    private static Set<Capability> capabilities(Model model) {
        try {
            model.tokenizer().orElseThrow().trie();
            return Set.of(Capability.RESPONSE_FORMAT_JSON_SCHEMA);
        } catch (IllegalArgumentException e) {
            return Set.of();
        }
    }

    private static void closeIfLoaded(@Nullable Model loaded) {
        if (loaded != null) {
            loaded.close();
        }
    }
}
