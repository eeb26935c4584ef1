package io.github.pastkv.serve.openai;

import io.github.pastkv.chat.ChatFormat;
import io.github.pastkv.model.config.GenerationConfig;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.grammar.Grammar;
import io.github.pastkv.model.sampling.SamplingOptions;
import io.github.pastkv.serve.request.ApiException;
import io.github.pastkv.serve.request.RequestFields;
import io.github.pastkv.serve.request.RequestValues;
import io.github.pastkv.serve.run.ServedModel;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Reads the fields that all endpoints which generate have in common. Where a request says nothing, the model's
 * {@code generation_config.json} holds, then OpenAI's defaults.
 */
final class GenerationFields {
    static final int MAX_LOG_PROBABILITIES = 20;

    private static final int MAX_CHOICES = 128;
    private static final int MAX_STOPS = 16;
    private static final int MAX_BIASES = 1024;
    private static final int MAX_SALT_CHARS = 1024;
    private static final String TENANT_SEPARATOR = "\n";

    private final RequestFields fields;
    private final ServedModel model;

    GenerationFields(RequestFields fields, ServedModel model) {
        this.fields = fields;
        this.model = model;
    }

    /** How to generate without a conversation, but for the number of tokens and of log-probabilities. */
    GenerationOptions options() {
        return options(null, new GrammarFields(fields, model).read());
    }

    /**
     * How to generate, but for the number of tokens and of log-probabilities.
     *
     * @param text the grammar that the request has; one of the format, which holds it, takes its place
     */
    GenerationOptions options(@Nullable ChatFormat chatFormat, Optional<GrammarFields.AnswerGrammar> text) {
        @Nullable Grammar grammar = chatFormat == null ? null : chatFormat.grammar();
        Set<Integer> stopTokens = stopTokens(chatFormat);
        boolean ignoresEos = fields.booleanOr("ignore_eos", false);
        GenerationOptions options = GenerationOptions.greedy(1).withSampling(sampling())
                .withStopTokens(ignoresEos ? requestedStopTokens() : stopTokens)
                .withStopStrings(stopStrings()).withNumReturnSequences(numChoices())
                .withPriority(fields.findInt("priority", -1000, 1000).orElse(0))
                .withGrammar(grammar == null ? text.map(GrammarFields.AnswerGrammar::grammar).orElse(null) : grammar);
        return ignoresEos ? options.ignoringEos() : options;
    }

    private Set<Integer> stopTokens(@Nullable ChatFormat chatFormat) {
        Set<Integer> stopTokens = new HashSet<>(requestedStopTokens());
        if (chatFormat != null) {
            stopTokens.addAll(chatFormat.stopTokens());
        }
        return stopTokens;
    }

    private Set<Integer> requestedStopTokens() {
        Set<Integer> ids = new HashSet<>();
        Optional<JsonNode> list = fields.find("stop_token_ids");
        if (list.isPresent()) {
            RequestValues.requireArray("stop_token_ids", list.get(), MAX_BIASES).values()
                    .forEach(id -> ids.add(tokenId("stop_token_ids", id)));
        }
        return ids;
    }

    /** {@code node}, which must be an id of the vocabulary. */
    int tokenId(String name, JsonNode node) {
        return (int) RequestValues.requireLong(name, node, 0, model.model().config().vocabSize() - 1);
    }

    private List<String> stopStrings() {
        List<String> stops = fields.stringsOf("stop", MAX_STOPS);
        if (stops.contains("")) {
            throw ApiException.badField("stop", "one is empty");
        }
        return stops;
    }

    private int numChoices() {
        int numChoices = fields.findInt("n", 1, MAX_CHOICES).orElse(1);
        OptionalInt bestOf = fields.findInt("best_of", 1, MAX_CHOICES);
        if (bestOf.isPresent() && bestOf.getAsInt() != numChoices) {
            throw ApiException.unsupported("best_of",
                    bestOf.getAsInt() + ", is supported only where it equals n, which is " + numChoices);
        }
        return numChoices;
    }

    private SamplingOptions sampling() {
        GenerationConfig config = model.model().generationConfig();
        SamplingOptions defaults = GenerationOptions.of(config).sampling();
        return defaults.withTemperature(number("temperature", 0, 100, config.temperature().orElse(1)))
                .withTopP(number("top_p", Double.MIN_VALUE, 1, defaults.topP()))
                .withTopK(Math.max(0, fields.findInt("top_k", -1, Integer.MAX_VALUE).orElse(defaults.topK())))
                .withMinP(number("min_p", 0, 1, defaults.minP()))
                .withRepetitionPenalty(number("repetition_penalty", 0.01, 100, defaults.repetitionPenalty()))
                .withPresencePenalty(number("presence_penalty", -2, 2, defaults.presencePenalty()))
                .withFrequencyPenalty(number("frequency_penalty", -2, 2, defaults.frequencyPenalty()))
                .withSeed(fields.findLong("seed", Long.MIN_VALUE, Long.MAX_VALUE)
                        .orElseGet(() -> ThreadLocalRandom.current().nextLong()))
                .withMinNewTokens(fields.findInt("min_tokens", 0, model.contextLength())
                        .orElse(defaults.minNewTokens()))
                .withLogitBias(logitBias());
    }

    private double number(String name, double least, double most, double absent) {
        OptionalDouble number = fields.findDouble(name, least, most);
        return number.orElse(absent);
    }

    private Map<Integer, Double> logitBias() {
        Map<Integer, Double> biases = new HashMap<>();
        Optional<JsonNode> object = fields.find("logit_bias");
        if (object.isEmpty()) {
            return biases;
        }
        if (!object.get().isObject() || object.get().size() > MAX_BIASES) {
            throw RequestValues.wrongType("logit_bias", "an object of at most " + MAX_BIASES + " token ids",
                    object.get());
        }
        object.get().properties().forEach(entry -> biases.put(biasedId(entry.getKey()),
                RequestValues.requireDouble("logit_bias." + entry.getKey(), entry.getValue(), -100, 100)));
        return biases;
    }

    private int biasedId(String text) {
        int vocabSize = model.model().config().vocabSize();
        try {
            int id = Integer.parseInt(text);
            if (id >= 0 && id < vocabSize) {
                return id;
            }
        } catch (NumberFormatException _) {
            // refused below
        }
        throw ApiException.badField("logit_bias", "'" + text + "' is no token id in [0, " + (vocabSize - 1) + "]");
    }

    /** Which requests share what they have read: those of one tenant, and of one salt where a request brings one. */
    String salt(String tenant) {
        Optional<String> salt = fields.findString("cache_salt");
        if (salt.isPresent() && (salt.get().isEmpty() || salt.get().length() > MAX_SALT_CHARS)) {
            throw ApiException.badField("cache_salt",
                    salt.get().length() + " characters, must be in [1, " + MAX_SALT_CHARS + "]");
        }
        boolean caches = fields.booleanOr("cache_prompt", true);
        return tenant + TENANT_SEPARATOR + salt.orElse("") + (caches ? "" : TENANT_SEPARATOR + UUID.randomUUID());
    }

    /**
     * Whether answers keep the tokens that were generated when they come back as text. The prompt then depends on what
     * the server remembers, so a request must ask for it; otherwise its answer depends on the request alone.
     */
    static boolean reusesGeneratedTokens(RequestFields fields) {
        return fields.booleanOr("reuse_generated_tokens", false);
    }

    /** The number of new tokens, for prompts of which the longest has {@code promptLength} tokens. */
    int maxTokens(String promptName, int promptLength, OptionalInt asked, int absent, int numChoices) {
        int limit = model.contextLength();
        int room = limit - promptLength;
        int maxTokens = asked.orElse(Math.min(absent, room));
        if (room < 1 || maxTokens > room) {
            throw ApiException.contextLength(promptName,
                    "This model's maximum context length is " + limit + " tokens. However, you requested "
                            + (promptLength + (long) Math.max(1, asked.orElse(1))) + " tokens (" + promptLength
                            + " in the " + promptName + ", " + Math.max(1, asked.orElse(1)) + " in the completion).");
        }
        long most = promptLength + (long) numChoices * maxTokens;
        if (numChoices > 1 && most > model.numPoolTokens()) {
            throw ApiException.badField("n", numChoices + " answers of " + maxTokens + " tokens after " + promptLength
                    + " need room for " + most + " tokens, the cache has " + model.numPoolTokens());
        }
        return maxTokens;
    }

    /** Whether the answer is a stream of events, and whether its last one is to hold the usage. */
    StreamOptions stream() {
        boolean streams = fields.booleanOr("stream", false);
        Optional<JsonNode> json = fields.find("stream_options");
        if (json.isEmpty()) {
            return new StreamOptions(streams, false);
        }
        if (!streams) {
            throw ApiException.badField("stream_options", "is allowed only with stream: true");
        }
        RequestFields options = RequestFields.of("stream_options", json.get());
        boolean includesUsage;
        try {
            includesUsage = options.booleanOr("include_usage", false);
            options.refuseUnless("include_obfuscation", "is not supported", false);
            options.refuseUnless("continuous_usage_stats", "is not supported", false);
            options.requireAllRead();
        } catch (ApiException e) {
            throw e.within("stream_options");
        }
        return new StreamOptions(true, includesUsage);
    }

    /** The number of {@code prompt_logprobs}, or {@link GenerationOptions#NO_LOG_PROBABILITIES}. */
    int promptLogProbabilities(boolean streams) {
        OptionalInt number = fields.findInt("prompt_logprobs", 0, MAX_LOG_PROBABILITIES);
        if (number.isPresent() && streams) {
            throw ApiException.badField("prompt_logprobs", "is not supported with stream: true");
        }
        return number.orElse(GenerationOptions.NO_LOG_PROBABILITIES);
    }

    /** Takes what asks for nothing here, and refuses by name what is not supported. */
    void refuseOthers() {
        for (String hint : List.of("user", "metadata", "prompt_cache_key", "safety_identifier")) {
            fields.ignoreHint(hint);
        }
        fields.refuseUnless("store", "answers are not stored", false);
        fields.refuseUnless("service_tier", "there is one tier", "auto", "default");
        fields.refuseUnless("use_beam_search", "is not supported", false);
        fields.refuseUnless("skip_special_tokens", "special tokens are always left out of texts", true);
        fields.refuseUnless("include_stop_str_in_output", "stop strings are never part of a text", false);
        fields.refuseUnless("length_penalty", "belongs to beam search, which is not supported", 1);
        for (String name : List.of("guided_decoding_backend", "guided_whitespace_pattern", "logits_processors",
                "truncate_prompt_tokens",
                "allowed_token_ids", "bad_words", "mirostat", "speculative", "lora", "adapter", "kv_transfer_params")) {
            fields.refuseUnless(name, "is not supported");
        }
        fields.requireAllRead();
    }

    /** How an answer is sent. */
    record StreamOptions(boolean streams, boolean includesUsage) {}
}
