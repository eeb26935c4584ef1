package io.github.pastkv.model.config;

import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The default generation settings of a model, from {@code generation_config.json}. Absent keys are empty.
 *
 * @param eosIds each of these ends a sequence
 * @param doSample whether to sample instead of greedy decoding
 * @param temperature divides the logits; at least 0
 * @param topK sample from this many best tokens; 0 for all
 * @param topP sample from the best tokens that reach this cumulative probability, in (0, 1]
 * @param repetitionPenalty penalty of tokens that have occurred; greater than 0
 * @param minP sample from tokens with at least this share of the best token's probability; in [0, 1]
 * @param typicalP sample from the locally typical tokens that reach this cumulative probability; in (0, 1]
 * @param noRepeatNgramSize length of n-grams that must not repeat, including the prompt; 0 for none
 * @param suppressTokens ids that are never generated; ids beyond the vocabulary are ignored
 * @param beginSuppressTokens ids that are never generated first
 * @param minNewTokens number of first tokens that must not end the text
 * @param unapplied settings that change the output of transformers and are not applied here, such as
 *        {@code bad_words_ids: [[49,58]]}; to be shown to users
 */
public record GenerationConfig(List<Integer> eosIds, boolean doSample, OptionalDouble temperature, OptionalInt topK,
        OptionalDouble topP, OptionalDouble repetitionPenalty, OptionalDouble minP, OptionalDouble typicalP,
        OptionalInt noRepeatNgramSize, Set<Integer> suppressTokens, Set<Integer> beginSuppressTokens,
        OptionalInt minNewTokens, List<String> unapplied) {
    /** Keys that do not change tokens, or that PastKV's own options replace. */
    private static final Set<String> HARMLESS = Set.of("_from_model_config", "transformers_version", "bos_token_id",
            "pad_token_id", "decoder_start_token_id", "max_length", "max_new_tokens", "use_cache",
            "cache_implementation", "cache_config", "return_dict_in_generate", "return_legacy_cache", "output_scores",
            "output_logits", "output_attentions", "output_hidden_states", "remove_invalid_values", "trust_remote_code",
            "chat_format", "user_token_id", "assistant_token_id", "compile_config", "disable_compile",
            "max_window_size", "attn_implementation", "low_memory", "assistant_early_exit",
            "num_assistant_tokens", "num_assistant_tokens_schedule", "assistant_confidence_threshold",
            "prompt_lookup_num_tokens", "max_matching_ngram_size", "target_lookbehind", "assistant_lookbehind",
            "is_assistant", "prefill_chunk_size", "max_context_size", "_name_or_path", "_commit_hash");
    /** Settings of generation that {@code config.json} may have where there is no file of their own. */
    private static final Set<String> OF_CONFIG_FILES = Set.of("do_sample", "temperature", "top_k", "top_p", "min_p",
            "typical_p", "repetition_penalty", "no_repeat_ngram_size", "suppress_tokens", "begin_suppress_tokens",
            "min_new_tokens", "min_length", "num_beams", "bad_words_ids", "forced_bos_token_id",
            "forced_eos_token_id", "exponential_decay_length_penalty", "encoder_no_repeat_ngram_size",
            "num_return_sequences");
    /** Settings of beam search, which have no effect with one beam. */
    private static final Set<String> OF_BEAMS =
            Set.of("early_stopping", "length_penalty", "num_beam_groups", "diversity_penalty", "renormalize_logits");
    /** Values with which a setting changes nothing. */
    private static final Map<String, Double> NEUTRAL = Map.ofEntries(
            Map.entry("epsilon_cutoff", 0.0), Map.entry("eta_cutoff", 0.0), Map.entry("top_h", 1.0),
            Map.entry("encoder_no_repeat_ngram_size", 0.0),
            Map.entry("encoder_repetition_penalty", 1.0), Map.entry("min_length", 0.0),
            Map.entry("num_beams", 1.0), Map.entry("num_return_sequences", 1.0), Map.entry("penalty_alpha", 0.0),
            Map.entry("presence_penalty", 0.0), Map.entry("frequency_penalty", 0.0), Map.entry("guidance_scale", 1.0));

    public GenerationConfig {
        eosIds = List.copyOf(eosIds);
        suppressTokens = Set.copyOf(suppressTokens);
        beginSuppressTokens = Set.copyOf(beginSuppressTokens);
        unapplied = List.copyOf(unapplied);
    }

    /** The usual ones; the others are absent. */
    public GenerationConfig(List<Integer> eosIds, boolean doSample, OptionalDouble temperature, OptionalInt topK,
            OptionalDouble topP, OptionalDouble repetitionPenalty, List<String> unapplied) {
        this(eosIds, doSample, temperature, topK, topP, repetitionPenalty, OptionalDouble.empty(),
                OptionalDouble.empty(), OptionalInt.empty(), Set.of(), Set.of(), OptionalInt.empty(), unapplied);
    }

    /**
     * The defaults of a model without {@code generation_config.json}: the settings of generation that its
     * {@code config.json} has, as older files do, and else the best token until one of its eos ids.
     */
    public static GenerationConfig ofConfigFile(JsonObject configFile, ModelConfig config)
            throws ModelFormatException {
        return read(configFile.only(OF_CONFIG_FILES), config);
    }

    /** Reads {@code generation_config.json}; where it names no eos id, those of {@code config} hold. */
    public static GenerationConfig read(JsonObject json, ModelConfig config) throws ModelFormatException {
        List<Integer> stated = json.findInts("eos_token_id", -1, Integer.MAX_VALUE).stream().filter(id -> id >= 0)
                .toList();
        List<Integer> eosIds = stated.isEmpty() ? config.tokenIds().eos() : stated;
        GenerationConfig read = new GenerationConfig(within(eosIds, config), json.findBoolean("do_sample", false),
                inRange(json, "temperature", Double.POSITIVE_INFINITY), count(json, "top_k", -1),
                inRange(json, "top_p", 1), json.findPositive("repetition_penalty"), inRange(json, "min_p", 1),
                typicalP(json), count(json, "no_repeat_ngram_size", 0), ids(json, "suppress_tokens", config),
                beginSuppressTokens(json, config), count(json, "min_new_tokens", 0), List.of());
        List<String> unapplied = new ArrayList<>(beyond(eosIds, config));
        for (String key : json.keys()) {
            if (json.isUnknown(key) && !isHarmless(json, key)) {
                unapplied.add(key + ": " + json.describe(key));
            }
        }
        return new GenerationConfig(read.eosIds, read.doSample, read.temperature, read.topK, read.topP,
                read.repetitionPenalty, read.minP, read.typicalP, read.noRepeatNgramSize, read.suppressTokens,
                read.beginSuppressTokens, read.minNewTokens, unapplied);
    }

    private static boolean isHarmless(JsonObject json, String key) {
        boolean isOneBeam = json.describe("num_beams").matches("null|1");
        return HARMLESS.contains(key) || (OF_BEAMS.contains(key) && isOneBeam)
                || (NEUTRAL.containsKey(key) && json.isNumber(key, NEUTRAL.get(key)));
    }

    private static List<Integer> within(List<Integer> ids, ModelConfig config) {
        return ids.stream().filter(id -> id < config.vocabSize()).toList();
    }

    private static List<String> beyond(List<Integer> ids, ModelConfig config) {
        return ids.stream().filter(id -> id >= config.vocabSize())
                .map(id -> "eos_token_id: " + id + ", the vocabulary has " + config.vocabSize() + " tokens").toList();
    }

    /** With a forced first token transformers counts from the second one; that stays unapplied. */
    private static Set<Integer> beginSuppressTokens(JsonObject json, ModelConfig config) throws ModelFormatException {
        boolean isFirstFree = json.describe("forced_bos_token_id").equals("null");
        return isFirstFree ? ids(json, "begin_suppress_tokens", config) : Set.of();
    }

    private static Set<Integer> ids(JsonObject json, String key, ModelConfig config) throws ModelFormatException {
        return json.findInts(key, -1, Integer.MAX_VALUE).stream().filter(id -> id >= 0 && id < config.vocabSize())
                .collect(Collectors.toUnmodifiableSet());
    }

    private static OptionalDouble typicalP(JsonObject json) throws ModelFormatException {
        OptionalDouble typicalP = inRange(json, "typical_p", 1);
        if (typicalP.isPresent() && typicalP.getAsDouble() == 0) {
            throw json.refusal("typical_p", "0.0, must be in (0, 1]");
        }
        return typicalP;
    }

    /** A count; -1, where it is allowed, says all as 0 does, and some files write 50.0. */
    private static OptionalInt count(JsonObject json, String key, int min) throws ModelFormatException {
        OptionalDouble number = json.findNumber(key);
        if (number.isEmpty()) {
            return OptionalInt.empty();
        }
        double count = number.getAsDouble();
        if (count != Math.rint(count) || count < min || count > Integer.MAX_VALUE) {
            throw json.refusal(key, json.describe(key) + ", must be an integer in [" + min + ", 2147483647]");
        }
        return OptionalInt.of(Math.max(0, (int) count));
    }

    private static OptionalDouble inRange(JsonObject json, String key, double max) throws ModelFormatException {
        OptionalDouble number = json.findNumber(key);
        if (number.isPresent() && !(number.getAsDouble() >= 0 && number.getAsDouble() <= max)) {
            String limit = Double.isInfinite(max) ? "Infinity)" : max + "]";
            throw json.refusal(key, number.getAsDouble() + ", must be in [0, " + limit);
        }
        return number;
    }
}
