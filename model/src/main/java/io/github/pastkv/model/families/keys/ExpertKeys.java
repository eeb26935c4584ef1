package io.github.pastkv.model.families.keys;

import io.github.pastkv.model.config.ExpertsConfig;
import io.github.pastkv.model.config.LayerConfig;
import io.github.pastkv.model.config.RouterConfig;
import io.github.pastkv.model.config.RouterConfig.Normalization;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The keys of {@code config.json} that families with experts share. */
public final class ExpertKeys {
    private static final int MAX_EXPERTS = 1 << 16;

    private final JsonObject json;
    private final String key;
    private final int numExperts;

    private final int absentGroups;
    private final int absentKeptGroups;

    private ExpertKeys(JsonObject json, String key, int numExperts, int absentGroups, int absentKeptGroups) {
        this.json = json;
        this.key = key;
        this.numExperts = numExperts;
        this.absentGroups = absentGroups;
        this.absentKeptGroups = absentKeptGroups;
    }

    private ExpertKeys(JsonObject json, String key, int numExperts) {
        this(json, key, numExperts, 1, 1);
    }

    /** The same with other values where {@code n_group} and {@code topk_group} are absent. */
    public ExpertKeys withGroups(int newAbsentGroups, int newAbsentKeptGroups) {
        return new ExpertKeys(json, key, numExperts, newAbsentGroups, newAbsentKeptGroups);
    }

    /** The number of experts under {@code key}. */
    public static ExpertKeys of(JsonObject json, String key, int absent) throws ModelFormatException {
        return new ExpertKeys(json, key, json.findInt(key, 1, MAX_EXPERTS).orElse(absent));
    }

    /** The number of experts under {@code key} or under {@code otherKey}; under both if they agree. */
    public static ExpertKeys of(JsonObject json, String key, String otherKey, int absent)
            throws ModelFormatException {
        OptionalInt other = json.findInt(otherKey, 1, MAX_EXPERTS);
        ExpertKeys keys = of(json, key, other.orElse(absent));
        if (other.isPresent() && other.getAsInt() != keys.numExperts) {
            throw json.refusal(key, keys.numExperts + ", but " + otherKey + " is " + other.getAsInt());
        }
        return keys;
    }

    /** The same with {@code count} further experts that are no blocks. */
    public ExpertKeys withIdentity(int count) {
        return new ExpertKeys(json, key, numExperts + count);
    }

    public int numExperts() {
        return numExperts;
    }

    /** A router that chooses as many experts as {@code chosenKey} says. */
    public RouterConfig router(String chosenKey, int absent, RouterConfig.Scoring scoring)
            throws ModelFormatException {
        int chosen = json.findInt(chosenKey, 1, MAX_EXPERTS).orElse(absent);
        if (chosen > numExperts) {
            throw json.refusal(chosenKey, chosen + ", " + key + " is " + numExperts);
        }
        return RouterConfig.of(chosen, scoring);
    }

    /** Qwen's: weights are softmax scores, divided by their sum only if {@code norm_topk_prob} says so. */
    public RouterConfig qwenRouter(int absent) throws ModelFormatException {
        return router("num_experts_per_tok", absent, new RouterConfig.Softmax())
                .withNormalization(json.findBoolean("norm_topk_prob", false) ? Normalization.SUM : null);
    }

    /**
     * DeepSeek V3's: sigmoid scores, chosen with a correction and within groups of which the two best scores count.
     *
     * @param normalizes whether weights are divided by their sum if {@code norm_topk_prob} is absent
     * @param scale the factor of weights if {@code routed_scaling_factor} is absent
     */
    public RouterConfig deepSeekRouter(int absentChosen, boolean normalizes, double scale)
            throws ModelFormatException {
        RouterConfig router = router("num_experts_per_tok", absentChosen, new RouterConfig.Sigmoid());
        return router.withChoice(new RouterConfig.Choice(true, groups(router.numChosen(), 2)))
                .withNormalization(
                        json.findBoolean("norm_topk_prob", normalizes) ? new Normalization(1e-20f, 0f) : null)
                .withScale((float) json.findPositive("routed_scaling_factor").orElse(scale));
    }

    /** {@code n_group} and {@code topk_group}; null for one group. A null of theirs says one group. */
    public RouterConfig.@Nullable Groups groups(int numChosen, int numTop) throws ModelFormatException {
        int numGroups = json.findInt("n_group", 1, MAX_EXPERTS).orElse(json.isNull("n_group") ? 1 : absentGroups);
        int numKept = json.findInt("topk_group", 1, numGroups)
                .orElse(json.isNull("topk_group") ? 1 : Math.min(absentKeptGroups, numGroups));
        CommonKeys.requireDivides(json, key, numExperts, "n_group", numGroups);
        int size = numExperts / numGroups;
        if (numKept * size < numChosen) {
            throw json.refusal("topk_group", numKept + " groups of " + size + " experts, but num_experts_per_tok is "
                    + numChosen);
        }
        if (numTop > size) {
            throw json.refusal("n_group",
                    numGroups + ", which leaves " + size + " experts in a group; must be at least " + numTop);
        }
        return numGroups == 1 ? null : new RouterConfig.Groups(numGroups, numKept, numTop);
    }

    /** Layers of which those that {@code hasExperts} accepts have experts. */
    public static List<LayerConfig> layers(List<LayerConfig> layers, ExpertsConfig experts, IntPredicate hasExperts) {
        return IntStream.range(0, layers.size())
                .mapToObj(i -> hasExperts.test(i) ? layers.get(i).withExperts(experts) : layers.get(i)).toList();
    }

    /** {@code first_k_dense_replace}: the layers before have a dense block. */
    public IntPredicate fromFirstSparseLayer(int absent) throws ModelFormatException {
        int first = json.findInt("first_k_dense_replace", 0, CommonKeys.MAX_LAYERS).orElse(absent);
        return layer -> layer >= first;
    }

    /** Qwen's {@code mlp_only_layers} and {@code decoder_sparse_step}. */
    public IntPredicate qwenSparseLayers(int numLayers) throws ModelFormatException {
        int step = json.findInt("decoder_sparse_step", 1, CommonKeys.MAX_LAYERS).orElse(1);
        List<Integer> dense = json.findInts("mlp_only_layers", 0, numLayers - 1);
        return layer -> !dense.contains(layer) && (layer + 1) % step == 0;
    }

    /** Inner width of an expert. */
    public int size(String sizeKey, int absent) throws ModelFormatException {
        return json.findInt(sizeKey, 1, CommonKeys.MAX_WIDTH).orElse(absent);
    }

    /** Several shared experts under {@code countKey}, which are one as wide as all; 0 for none. */
    public ExpertsConfig.SharedExpert shared(String countKey, int absent, int expertSize)
            throws ModelFormatException {
        int count = json.findInt(countKey, 0, MAX_EXPERTS).orElse(absent);
        return ExpertsConfig.SharedExpert.of(Math.multiplyExact(count, expertSize));
    }

    /** Refuses a key that transformers does not read unless it says what is done in any case. */
    public static void requireOneOf(JsonObject json, String key, String... known) throws ModelFormatException {
        String stated = json.findString(key).orElse(known[0]);
        if (!List.of(known).contains(stated)) {
            throw json.refusal(key, "\"" + stated + "\", known are " + List.of(known));
        }
    }

    /** {@link CommonKeys#harmless} with the keys of training with experts, and {@code more}. */
    public static Set<String> harmless(String... more) {
        return CommonKeys.harmless(Stream.concat(
                Stream.of("aux_loss_alpha", "seq_aux", "ep_size",
                        "attention_dropout", "pretraining_tp"),
                Stream.of(more)).toArray(String[]::new));
    }
}
