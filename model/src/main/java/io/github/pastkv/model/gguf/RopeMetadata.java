package io.github.pastkv.model.gguf;

import io.github.pastkv.model.files.ModelFormatException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.DoubleStream;

/**
 * RoPE of a GGUF file, as {@code rope_parameters} of {@code config.json}. Llama 3's frequencies are divided by the
 * numbers of {@code rope_freqs.weight}: that is LongRoPE with equal factors at all lengths.
 */
final class RopeMetadata {
    private static final String FREQUENCIES = "rope_freqs.weight";
    private static final String SHORT_FACTORS = "rope_factors_short.weight";
    private static final String LONG_FACTORS = "rope_factors_long.weight";

    private final GgufMetadata metadata;
    private final String prefix;
    private final GgufTensors tensors;
    private final int headDim;

    RopeMetadata(GgufMetadata metadata, String architecture, GgufTensors tensors, int headDim) {
        this.metadata = metadata;
        this.prefix = architecture + ".rope.";
        this.tensors = tensors;
        this.headDim = headDim;
    }

    /** Whether a tensor stands for settings of RoPE rather than for weights. */
    static boolean isSetting(String tensor) {
        return tensor.equals(FREQUENCIES) || tensor.equals(SHORT_FACTORS) || tensor.equals(LONG_FACTORS);
    }

    /** @param maxSeqLen context of the model */
    Map<String, Object> parameters(int maxSeqLen) throws ModelFormatException {
        Map<String, Object> parameters = new LinkedHashMap<>();
        parameters.put("rope_theta", metadata.findNumber(prefix + "freq_base").orElse(10000));
        int dimensions = metadata.findInt(prefix + "dimension_count", 1, headDim).orElse(headDim);
        parameters.put("partial_rotary_factor", part(dimensions)); // also for 1, as families differ in their default
        parameters.putAll(scaling(maxSeqLen));
        return parameters;
    }

    /** A part that gives back {@code dimensions} when it is multiplied by the head and rounded down. */
    private double part(int dimensions) {
        double part = (double) dimensions / headDim;
        return (int) (headDim * part) == dimensions ? part : Math.nextUp(part);
    }

    private Map<String, Object> scaling(int maxSeqLen) throws ModelFormatException {
        Optional<String> stated = metadata.findString(prefix + "scaling.type");
        OptionalDouble older = metadata.findNumber(prefix + "scale_linear");
        OptionalDouble factor = metadata.findNumber(prefix + "scaling.factor");
        int original = metadata.findInt(prefix + "scaling.original_context_length", 1, 1 << 30).orElse(maxSeqLen);
        OptionalDouble attention = metadata.findNumber(prefix + "scaling.attn_factor");
        metadata.findBoolean(prefix + "scaling.finetuned"); // a note
        boolean hasFactors = tensors.has(SHORT_FACTORS) || tensors.has(LONG_FACTORS);
        String type =
                stated.orElse(hasFactors ? "longrope" : factor.isPresent() || older.isPresent() ? "linear" : "none");
        if (tensors.has(FREQUENCIES)) {
            if (!type.equals("none") && !type.equals("longrope")) {
                throw metadata.refusal(prefix + "scaling.type", "\"" + type + "\" beside " + FREQUENCIES);
            }
            return longRope(tensors.numbers(FREQUENCIES), tensors.numbers(FREQUENCIES), maxSeqLen, attention.orElse(1));
        }
        return switch (type) {
            case "none" -> Map.of("rope_type", "default");
            case "linear" -> {
                double by = factor.orElse(older.orElse(1));
                yield Map.of("rope_type", by == 1 || by == 0 ? "default" : "linear", "factor", by);
            }
            case "yarn" -> yarn(factor.orElse(1), original, attention.orElse(1));
            case "longrope" -> {
                Map<String, Object> parameters =
                        longRope(tensors.numbers(SHORT_FACTORS), tensors.numbers(LONG_FACTORS), original, 0);
                attention.ifPresent(number -> parameters.put("attention_factor", number));
                yield parameters;
            }
            default -> throw metadata.refusal(prefix + "scaling.type",
                    "\"" + type + "\", known are none, linear, yarn, longrope");
        };
    }

    /** @param attention factor of rotated queries and keys, 0 to let it follow from the lengths */
    private static Map<String, Object> longRope(double[] shortFactors, double[] longFactors, int original,
            double attention) {
        Map<String, Object> parameters = new LinkedHashMap<>();
        parameters.put("rope_type", "longrope");
        parameters.put("short_factor", boxed(shortFactors));
        parameters.put("long_factor", boxed(longFactors));
        parameters.put("original_max_position_embeddings", original);
        if (attention != 0) {
            parameters.put("attention_factor", attention);
        }
        return parameters;
    }

    private static List<Double> boxed(double[] numbers) {
        return DoubleStream.of(numbers).boxed().toList();
    }

    private Map<String, Object> yarn(double factor, int original, double attention) throws ModelFormatException {
        Map<String, Object> parameters = new LinkedHashMap<>();
        parameters.put("rope_type", "yarn");
        parameters.put("factor", factor);
        parameters.put("original_max_position_embeddings", original);
        metadata.findNumber(prefix + "scaling.yarn_beta_fast").ifPresent(beta -> parameters.put("beta_fast", beta));
        metadata.findNumber(prefix + "scaling.yarn_beta_slow").ifPresent(beta -> parameters.put("beta_slow", beta));
        metadata.findBoolean(prefix + "scaling.yarn_truncate").ifPresent(is -> parameters.put("truncate", is));
        requireNumber("scaling.yarn_ext_factor", 1);
        putMscale(parameters);
        OptionalDouble whole = metadata.findNumber(prefix + "scaling.yarn_attn_factor"); // attention_factor
        if (whole.isPresent() && attention != 1) {
            throw metadata.refusal(prefix + "scaling.yarn_attn_factor",
                    whole.getAsDouble() + ", stands beside scaling.attn_factor " + attention);
        }
        if (whole.isPresent()) {
            parameters.put("attention_factor", whole.getAsDouble());
        } else if (attention != 1) {
            parameters.put("attention_factor", attention * (factor <= 1 ? 1 : 0.1 * Math.log(factor) + 1));
        }
        return Collections.unmodifiableMap(parameters);
    }

    /** DeepSeek's factor of scores, which its converter multiplies by 0.1; published models have both alike. */
    private void putMscale(Map<String, Object> parameters) throws ModelFormatException {
        if (!prefix.startsWith("deepseek2.")) {
            requireNumber("scaling.yarn_log_multiplier", 0);
            return;
        }
        double mscale = 10 * metadata.findNumber(prefix + "scaling.yarn_log_multiplier").orElse(0);
        if (mscale != 0) {
            parameters.put("mscale", mscale);
            parameters.put("mscale_all_dim", mscale);
        }
    }

    private void requireNumber(String name, double supported) throws ModelFormatException {
        double stated = metadata.findNumber(prefix + name).orElse(supported);
        if (stated != supported) {
            throw metadata.refusal(prefix + name, stated + ", only " + supported + " is supported");
        }
    }
}
