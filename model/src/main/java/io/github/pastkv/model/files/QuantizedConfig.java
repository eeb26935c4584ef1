package io.github.pastkv.model.files;

import io.github.pastkv.kernels.weights.WeightType;
import io.github.pastkv.tensor.DataType;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The entry of {@code config.json} for folders with PastKV's quantized weights. It uses the key of other libraries'
 * quantization formats, so that they reject the folder instead of reading integers as weights.
 *
 * @param weights how linear weights are stored
 * @param madeFrom the type of the weights before
 */
public record QuantizedConfig(WeightType weights, DataType madeFrom) {
    /** The key of {@code config.json}. */
    public static final String KEY = "quantization_config";
    private static final String METHOD_KEY = "quant_method";
    private static final String METHOD_PREFIX = "pastkv_";
    private static final String MADE_FROM_KEY = "made_from";

    /** Empty where the key is absent or another library's. */
    public static Optional<QuantizedConfig> find(JsonObject config) throws ModelFormatException {
        if (!config.isObject(KEY)) {
            return Optional.empty();
        }
        JsonObject json = config.requireObject(KEY);
        String method = json.findString(METHOD_KEY).orElse("");
        Optional<WeightType> weights = Stream.of(WeightType.values())
                .filter(type -> type != WeightType.STORED && method(type).equals(method)).findFirst();
        if (weights.isEmpty()) {
            return Optional.empty();
        }
        String madeFrom = json.requireString(MADE_FROM_KEY);
        json.refuseUnknownKeys(Set.of());
        for (DataType type : Set.of(DataType.F32, DataType.F16, DataType.BF16)) {
            if (label(type).equals(madeFrom)) {
                return Optional.of(new QuantizedConfig(weights.get(), type));
            }
        }
        throw json.refusal(MADE_FROM_KEY, madeFrom + ", must be f32, f16 or bf16");
    }

    /** What stands under {@link #KEY}. */
    public Map<String, String> entries() {
        Map<String, String> entries = new LinkedHashMap<>(); // so that the same source gives the same file
        entries.put(METHOD_KEY, method(weights));
        entries.put(MADE_FROM_KEY, label(madeFrom));
        return entries;
    }

    private static String method(WeightType type) {
        return METHOD_PREFIX + type.label().replace('-', '_');
    }

    private static String label(DataType type) {
        return type.name().toLowerCase(Locale.ROOT);
    }
}
