package io.github.pastkv.model.hooks;

import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.family.BlockNorms;
import io.github.pastkv.model.family.FfnTensors;
import io.github.pastkv.model.family.LayerTensors;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.family.NormTensors;
import io.github.pastkv.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The hook points of one model in execution order, and their shapes. Immutable. */
public final class HookCatalog {
    private final ModelConfig config;
    private final ModelTensors tensors;
    private final List<HookName> names;
    private final Set<HookName> set;

    private HookCatalog(ModelConfig config, ModelTensors tensors) {
        this.config = config;
        this.tensors = tensors;
        this.names = names(config, tensors);
        this.set = new HashSet<>(names);
    }

    /** The hooks of a model. */
    public static HookCatalog of(ModelConfig config, ModelTensors tensors) {
        return new HookCatalog(config, tensors);
    }

    private static List<HookName> names(ModelConfig config, ModelTensors tensors) {
        List<HookName> names = new ArrayList<>();
        for (HookPoint point : HookPoint.values()) {
            if (point.isBeforeLayers() && hasBefore(point, tensors)) {
                names.add(HookName.of(point));
            }
        }
        for (int layer = 0; layer < config.numLayers(); layer++) {
            for (HookPoint point : HookPoint.values()) {
                if (point.isInLayer() && hasInLayer(point, config, tensors.layers().get(layer), layer)) {
                    names.add(HookName.of(point, layer));
                }
            }
        }
        for (HookPoint point : HookPoint.values()) {
            if (point.isBehindLayers() && hasBehind(point, tensors)) {
                names.add(HookName.of(point));
            }
        }
        return List.copyOf(names);
    }

    private static boolean hasBefore(HookPoint point, ModelTensors tensors) {
        return switch (point) {
            case POS_EMBED -> tensors.embedding().positions() != null;
            case EMBEDDING_NORM_SCALE, EMBEDDING_NORM_NORMALIZED -> tensors.embedding().norm() != null;
            default -> true;
        };
    }

    private static boolean hasInLayer(HookPoint point, ModelConfig config, LayerTensors tensors, int layer) {
        return switch (point) {
            case LN1_SCALE, LN1_NORMALIZED -> tensors.attentionNorms().stream().findAny().isPresent();
            case LN1_POST_SCALE, LN1_POST_NORMALIZED -> hasPost(tensors.attentionNorms());
            case LN2_SCALE, LN2_NORMALIZED -> tensors.ffnNorms().stream().findAny().isPresent();
            case LN2_POST_SCALE, LN2_POST_NORMALIZED -> hasPost(tensors.ffnNorms());
            case Q_NORM_SCALE, Q_NORM_NORMALIZED -> tensors.queryNorm() != null;
            case K_NORM_SCALE, K_NORM_NORMALIZED -> tensors.keyNorm() != null;
            case LATENT, ROT_LATENT_K -> tensors.latent() != null;
            case ATTN_IN, Q_INPUT, K_INPUT, V_INPUT, PAST_K, PAST_V -> tensors.latent() == null;
            case ROT_Q -> config.layer(layer).rotary() != null;
            case ROT_K -> config.layer(layer).rotary() != null && tensors.latent() == null;
            case RESID_MID -> !config.parallelResidual();
            case MLP_PRE, MLP_POST -> tensors.ffn().dense() != null;
            case MLP_PRE_LINEAR -> tensors.ffn().dense() != null && config.gatedFfn();
            case ROUTER_LOGITS, EXPERT_WEIGHTS, EXPERT_INDICES, EXPERT_OUT -> tensors.ffn().mixture() != null;
            case SHARED_EXPERT_OUT -> hasShared(tensors.ffn().mixture());
            case SHORTCUT_OUT -> config.endsShortcut(layer + 1);
            default -> true;
        };
    }

    private static boolean hasShared(FfnTensors.@Nullable Experts mixture) {
        return mixture != null && mixture.shared() != null;
    }

    /**
     * A norm after a block is named {@code ln1_post} if there is also one before it, and {@code ln1} if it is the only
     * one.
     */
    private static boolean hasPost(BlockNorms<NormTensors> norms) {
        return norms.after() != null && norms.before() != null;
    }

    private static boolean hasBehind(HookPoint point, ModelTensors tensors) {
        return switch (point) {
            case LN_FINAL_SCALE, LN_FINAL_NORMALIZED -> tensors.finalNorm() != null;
            default -> true;
        };
    }

    public ModelConfig config() {
        return config;
    }

    /** All names, of every kind. */
    public List<HookName> names() {
        return names;
    }

    public boolean has(HookName name) {
        return set.contains(name);
    }

    /** The shape of a point in this model. */
    public HookShape shape(HookPoint point) {
        return switch (point) {
            case Q_NORM_SCALE -> isWide(tensors.layers().getFirst().queryNorm()) ? HookShape.SCALE : point.usualShape();
            case Q_NORM_NORMALIZED ->
                    isWide(tensors.layers().getFirst().queryNorm()) ? HookShape.QUERY_WIDTH : point.usualShape();
            case K_NORM_SCALE -> isWide(tensors.layers().getFirst().keyNorm()) ? HookShape.SCALE : point.usualShape();
            case K_NORM_NORMALIZED ->
                    isWide(tensors.layers().getFirst().keyNorm()) ? HookShape.KEY_WIDTH : point.usualShape();
            case V, Z -> config.attention().latent() == null ? point.usualShape() : HookShape.VALUE_HEADS;
            default -> point.usualShape();
        };
    }

    /** Whether a norm runs over all heads together. */
    private boolean isWide(@Nullable NormTensors norm) {
        Tensor weight = norm == null ? null : norm.weight();
        return weight != null && weight.rank() == 1 && weight.shape(0) != config.headDim();
    }

    @Override
    public String toString() {
        return "HookCatalog[" + names.size() + " hooks of " + config.architecture() + "]";
    }
}
