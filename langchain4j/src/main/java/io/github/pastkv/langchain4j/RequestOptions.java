package io.github.pastkv.langchain4j;

import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.grammar.Grammar;
import io.github.pastkv.model.grammar.GrammarCache;
import io.github.pastkv.model.sampling.SamplingOptions;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** Translates the parameters of a request. Each is honored, or refused by name before anything runs. */
final class RequestOptions {
    private final String modelName;
    private final GenerationOptions defaults;
    private final GrammarCache grammars = new GrammarCache();

    /**
     * For requests to one model.
     *
     * @param defaults what a request gets that says nothing else
     */
    RequestOptions(String modelName, GenerationOptions defaults) {
        this.modelName = modelName;
        this.defaults = defaults;
    }

    /**
     * The options of a generation.
     *
     * @throws UnsupportedFeatureException naming a parameter that is not supported
     * @throws InvalidRequestException naming a parameter whose value is out of range
     */
    GenerationOptions of(ChatRequestParameters parameters) {
        requireModelName(parameters.modelName());
        try {
            GenerationOptions options = defaults.withSampling(sampling(parameters)).withGrammar(grammar(parameters));
            if (!parameters.stopSequences().isEmpty()) {
                options = options.withStopStrings(parameters.stopSequences());
            }
            @Nullable Integer maxTokens = parameters.maxOutputTokens();
            if (maxTokens != null && maxTokens < 1) {
                throw new InvalidRequestException("maxOutputTokens: " + maxTokens + ", must be at least 1");
            }
            return with(options, maxTokens, GenerationOptions::withMaxNewTokens);
        } catch (IllegalArgumentException e) {
            throw new InvalidRequestException(e.getMessage(), e);
        }
    }

    private void requireModelName(@Nullable String name) {
        if (name != null && !name.equals(modelName)) {
            throw new UnsupportedFeatureException("modelName: '" + name
                    + "' is not supported, this model is '" + modelName + "'");
        }
    }

    private SamplingOptions sampling(ChatRequestParameters parameters) {
        SamplingOptions sampling = defaults.sampling();
        sampling = with(sampling, parameters.temperature(), SamplingOptions::withTemperature);
        sampling = with(sampling, parameters.topP(), SamplingOptions::withTopP);
        sampling = with(sampling, parameters.topK(), SamplingOptions::withTopK);
        sampling = with(sampling, parameters.frequencyPenalty(), SamplingOptions::withFrequencyPenalty);
        sampling = with(sampling, parameters.presencePenalty(), SamplingOptions::withPresencePenalty);
        @Nullable Long seed = null;
        if (parameters instanceof PastKvChatRequestParameters own) {
            sampling = with(sampling, own.minP(), SamplingOptions::withMinP);
            sampling = with(sampling, own.repetitionPenalty(), SamplingOptions::withRepetitionPenalty);
            seed = own.seed();
        }
        return sampling.withSeed(seed == null ? ThreadLocalRandom.current().nextLong() : seed);
    }

    private static <O, V> O with(O options, @Nullable V value, BiFunction<O, V, O> change) {
        return value == null ? options : change.apply(options, value);
    }

    private @Nullable Grammar grammar(ChatRequestParameters parameters) {
        @Nullable Grammar asked = parameters instanceof PastKvChatRequestParameters pastKv ? pastKv.grammar() : null;
        @Nullable Grammar own = asked == null ? defaults.grammar() : asked;
        @Nullable ResponseFormat format = parameters.responseFormat();
        if (format == null || format.type() == ResponseFormatType.TEXT) {
            return own;
        }
        if (own != null) {
            throw new InvalidRequestException("grammar: does not go with a JSON response format");
        }
        @Nullable JsonSchema schema = format.jsonSchema();
        try {
            return schema == null
                    ? grammars.get(GrammarCache.Kind.JSON_OBJECT, "")
                    : grammars.get(GrammarCache.Kind.JSON_SCHEMA, Schemas.toJson(schema.rootElement()));
        } catch (IllegalArgumentException e) { // names the keyword
            throw new UnsupportedFeatureException("responseFormat: " + e.getMessage());
        }
    }
}
