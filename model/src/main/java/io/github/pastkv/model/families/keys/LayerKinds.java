package io.github.pastkv.model.families.keys;

import io.github.pastkv.model.config.LayerConfig;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * Which layers have full attention and which a sliding window: {@code layer_types} if present, otherwise the family's
 * rule.
 *
 * @param windowed whether each layer has a window, {@code [L]}
 */
public record LayerKinds(List<Boolean> windowed) {
    private static final String KEY = "layer_types";
    private static final String FULL = "full_attention";
    private static final String CHUNKED = "chunked_attention";
    private static final String SLIDING = "sliding_attention";

    public LayerKinds {
        windowed = List.copyOf(windowed);
    }

    /** Reads {@code layer_types}; where it is absent, layers have a window if {@code rule} says so. */
    public static LayerKinds read(JsonObject json, int numLayers, IntPredicate rule) throws ModelFormatException {
        return read(json, numLayers, SLIDING, rule);
    }

    /** The same where the layers that do not see everything are chunked. */
    public static LayerKinds readChunked(JsonObject json, int numLayers, IntPredicate rule)
            throws ModelFormatException {
        return read(json, numLayers, CHUNKED, rule);
    }

    private static LayerKinds read(JsonObject json, int numLayers, String bounded, IntPredicate rule)
            throws ModelFormatException {
        List<String> stated = json.findStrings(KEY);
        if (stated.isEmpty()) {
            return new LayerKinds(IntStream.range(0, numLayers).mapToObj(rule::test).toList());
        }
        if (stated.size() != numLayers) {
            throw json.refusal(KEY, stated.size() + " layers, num_hidden_layers is " + numLayers);
        }
        for (String type : stated) {
            if (!type.equals(FULL) && !type.equals(bounded)) {
                throw json.refusal(KEY, "\"" + type + "\", known are [" + FULL + ", " + bounded + "]");
            }
        }
        return new LayerKinds(stated.stream().map(bounded::equals).toList());
    }

    public boolean anyWindowed() {
        return windowed.contains(true);
    }

    /** The layers, each of its kind. */
    public List<LayerConfig> layers(LayerConfig full, LayerConfig sliding) {
        return windowed.stream().map(isWindowed -> isWindowed ? sliding : full).toList();
    }
}
