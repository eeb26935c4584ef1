package io.github.pastkv.model.family;

import io.github.pastkv.model.config.LinearRotary;
import io.github.pastkv.model.config.Llama3Rotary;
import io.github.pastkv.model.config.PlainRotary;
import io.github.pastkv.model.config.RotaryConfig;
import io.github.pastkv.model.config.RotaryScaling;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * Rotary settings of {@code config.json}, in both spellings: {@code rope_parameters} (transformers 5), or
 * {@code rope_theta} and {@code rope_scaling} with {@code rope_type} or {@code type} (before).
 */
final class RotaryKeys {
    private static final double DEFAULT_THETA = 10000;

    /** A rotary type; a further one is one further class and one further line here. */
    private static final Map<String, Reader> TYPES = Map.of("default", _ -> new PlainRotary(), "linear",
            json -> new LinearRotary(json.requirePositive("factor")), "llama3", RotaryKeys::llama3);

    private RotaryKeys() {}

    @FunctionalInterface
    private interface Reader {
        RotaryScaling read(JsonObject json) throws ModelFormatException;
    }

    /** Positions that turn all of {@code headDim}. */
    static RotaryConfig read(JsonObject config, int headDim) throws ModelFormatException {
        if (headDim % 2 != 0) {
            throw config.refusal("head_dim", headDim + ", must be even for rotary positions");
        }
        Optional<JsonObject> parameters = config.findObject("rope_parameters");
        Optional<JsonObject> scaling = config.findObject("rope_scaling");
        double theta = theta(config, parameters);
        Optional<JsonObject> settings = parameters.isPresent() ? parameters : scaling;
        return new RotaryConfig(headDim, theta, settings.isPresent() ? scaling(settings.get()) : new PlainRotary());
    }

    private static double theta(JsonObject config, Optional<JsonObject> parameters) throws ModelFormatException {
        OptionalDouble outer = config.findPositive("rope_theta");
        OptionalDouble inner = parameters.isPresent()
                ? parameters.get().findPositive("rope_theta")
                : OptionalDouble.empty();
        if (outer.isPresent() && inner.isPresent() && outer.getAsDouble() != inner.getAsDouble()) {
            throw config.refusal("rope_theta",
                    outer.getAsDouble() + ", but rope_parameters.rope_theta is " + inner.getAsDouble());
        }
        return inner.isPresent() ? inner.getAsDouble() : outer.orElse(DEFAULT_THETA);
    }

    private static RotaryScaling scaling(JsonObject json) throws ModelFormatException {
        Optional<String> older = json.findString("type");
        String type = json.findString("rope_type").or(() -> older).orElse("default");
        Reader reader = TYPES.get(type);
        if (reader == null) {
            throw json.refusal("rope_type", "\"" + type + "\", known are " + TYPES.keySet().stream().sorted().toList());
        }
        if (older.isPresent() && !older.get().equals(type)) {
            throw json.refusal("type", "\"" + older.get() + "\", but rope_type is \"" + type + "\"");
        }
        RotaryScaling scaling = reader.read(json);
        requireWholeHead(json);
        json.refuseUnknownKeys(Set.of());
        return scaling;
    }

    private static void requireWholeHead(JsonObject json) throws ModelFormatException {
        double factor = json.findPositive("partial_rotary_factor").orElse(1);
        if (factor != 1) {
            throw json.refusal("partial_rotary_factor", factor + ", must be 1 for this family");
        }
    }

    private static RotaryScaling llama3(JsonObject json) throws ModelFormatException {
        double lowFreqFactor = json.requirePositive("low_freq_factor");
        double highFreqFactor = json.requirePositive("high_freq_factor");
        if (highFreqFactor <= lowFreqFactor) {
            throw json.refusal("high_freq_factor",
                    highFreqFactor + ", must be greater than low_freq_factor " + lowFreqFactor);
        }
        int originalMaxSeqLen = json.requireInt("original_max_position_embeddings", 1, CommonKeys.MAX_SEQ_LEN);
        return new Llama3Rotary(json.requirePositive("factor"), lowFreqFactor, highFreqFactor, originalMaxSeqLen);
    }
}
