package io.github.pastkv.model.config;

import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * The defaults that a model's makers give for generation, from {@code generation_config.json} where there is one. Keys
 * that are absent stay empty; keys of other generation tools are ignored.
 *
 * @param eosIds each of these ends a sequence
 * @param doSample whether to draw rather than to take the best token
 * @param temperature divides the logits; at least 0
 * @param topK draw from this many best tokens; 0 for all
 * @param topP draw from the best tokens that reach this probability, in (0, 1]
 * @param repetitionPenalty weakens tokens that occurred; greater than 0
 */
public record GenerationConfig(List<Integer> eosIds, boolean doSample, OptionalDouble temperature, OptionalInt topK,
        OptionalDouble topP, OptionalDouble repetitionPenalty) {
    public GenerationConfig {
        eosIds = List.copyOf(eosIds);
    }

    /** The defaults of a model without {@code generation_config.json}: the best token until one of its eos ids. */
    public static GenerationConfig of(ModelConfig config) {
        return new GenerationConfig(config.tokenIds().eos(), false, OptionalDouble.empty(), OptionalInt.empty(),
                OptionalDouble.empty(), OptionalDouble.empty());
    }

    /** Reads {@code generation_config.json}; where it names no eos id, those of {@code config} hold. */
    public static GenerationConfig read(JsonObject json, ModelConfig config) throws ModelFormatException {
        List<Integer> eosIds = json.findInts("eos_token_id", 0, config.vocabSize() - 1);
        return new GenerationConfig(eosIds.isEmpty() ? config.tokenIds().eos() : eosIds,
                json.findBoolean("do_sample", false), inRange(json, "temperature", Double.POSITIVE_INFINITY),
                json.findInt("top_k", 0, Integer.MAX_VALUE), inRange(json, "top_p", 1),
                json.findPositive("repetition_penalty"));
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
