package io.github.pastkv.model.families.tensors;

import io.github.pastkv.kernels.Activation;
import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.ExpertsConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.family.BlockNorms;
import io.github.pastkv.model.family.EmbeddingTensors;
import io.github.pastkv.model.family.FfnTensors;
import io.github.pastkv.model.family.LayerTensors;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.family.NormTensors;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.WeightSource;
import io.github.pastkv.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Reads the tensors of a decoder by the names of its family and the shapes of its configuration. */
public final class DecoderTensors {
    private final ModelConfig config;
    private final AttentionConfig heads;
    private final DecoderNames names;
    private final TensorReader reader;

    private DecoderTensors(ModelConfig config, DecoderNames names, TensorReader reader) {
        this.config = config;
        this.heads = config.attention();
        this.names = names;
        this.reader = reader;
    }

    public static ModelTensors read(ModelConfig config, DecoderNames names, WeightSource weights)
            throws ModelFormatException {
        return read(config, names, weights, null);
    }

    /** The same with positions that are computed rather than read. */
    public static ModelTensors read(ModelConfig config, DecoderNames names, WeightSource weights,
            @Nullable Tensor computedPositions) throws ModelFormatException {
        TensorReader reader = new TensorReader(weights, names.prefixes, names.embedding + ".weight",
                names.finalNorm + ".weight");
        return new DecoderTensors(config, names, reader).read(computedPositions);
    }

    private ModelTensors read(@Nullable Tensor computedPositions) throws ModelFormatException {
        int e = config.hiddenSize();
        WeightMatrix embedding =
                reader.embedding(names.embedding + ".weight", names.head + ".weight", config.tiedHead(),
                        config.vocabSize(), e);
        Tensor positions = names.positions == null ? computedPositions
                : reader.tensor(names.positions + ".weight",
                        config.maxSeqLen() + config.embedding().firstPositionRow(), e);
        List<LayerTensors> layers = new ArrayList<>();
        for (int layer = 0; layer < config.numLayers(); layer++) {
            layers.add(layer(layer, names.layer(layer)));
        }
        NormTensors finalNorm = norm(names.finalNorm);
        List<WeightMatrix> head = head(embedding);
        reader.refuseUnknown(names.ignored);
        return new ModelTensors(EmbeddingTensors.plain(embedding, positions), layers, finalNorm, List.of(), head,
                reader.linears(), reader.names());
    }

    private List<WeightMatrix> head(WeightMatrix embedding) throws ModelFormatException {
        String bias = names.head + ".bias";
        List<WeightMatrix> head = reader.head(embedding, config.tiedHead(), names.head + ".weight");
        boolean isBiased = config.head().bias()
                || (names.biasesHead && (!config.tiedHead() || reader.hasUnprefixed(bias))); // bodies alone have none
        return isBiased ? List.of(head.getFirst().withBias(reader.unprefixed(bias, config.vocabSize()))) : head;
    }

    private LayerTensors layer(int layer, String name) throws ModelFormatException {
        int e = config.hiddenSize();
        String attention = name + names.part(names.attention, layer);
        BlockNorms<NormTensors> attentionNorms = norms(layer, names.attentionNorms);
        return new LayerTensors(attentionNorms, qkv(attention),
                headNorm(layer, attention + names.queryNorm, heads.numHeads()),
                headNorm(layer, attention + names.keyNorm, heads.numKvHeads()),
                heads.sinkScores() ? reader.tensor(attention + "sinks", heads.numHeads()) : null,
                List.of(reader.linear(attention + names.out, e, heads.numHeads() * heads.valueDim(), heads.outBias())),
                names.sharesNorm ? attentionNorms : norms(layer, names.ffnNorms), ffn(layer, name),
                heads.latent() == null ? null : LatentReader.read(heads, heads.latent(), attention, reader));
    }

    private FfnTensors ffn(int layer, String name) throws ModelFormatException {
        ExpertsConfig experts = config.layer(layer).experts();
        String block = name + names.part(names.ffn, layer);
        if (experts == null) {
            return dense(block);
        }
        FfnTensors.Experts mixture = new ExpertTensors(config, experts, names, reader).read(name);
        return experts.shortcut() ? new FfnTensors.Shortcut(dense(block), mixture) : mixture;
    }

    private FfnTensors.Dense dense(String name) throws ModelFormatException {
        return new FfnTensors.Dense(ffnUp(name),
                List.of(reader.linear(name + names.down, config.hiddenSize(), config.ffnSize(), config.ffn().bias())),
                config.activation() == Activation.XIELU ? XieluReader.read(name + "act_fn.", reader) : null);
    }

    private BlockNorms<NormTensors> norms(int layer, BlockNorms<String> ofBlock) throws ModelFormatException {
        return new BlockNorms<>(null, blockNorm(layer, ofBlock.before()), blockNorm(layer, ofBlock.after()));
    }

    private @Nullable NormTensors blockNorm(int layer, @Nullable String name) throws ModelFormatException {
        return name == null ? null : norm(names.layer(layer) + names.part(name, layer));
    }

    private NormTensors norm(String name) throws ModelFormatException {
        return config.norm().weighted()
                ? reader.norm(name, config.hiddenSize(), names.biasesNorms)
                : new NormTensors(null, null);
    }

    private @Nullable NormTensors headNorm(int layer, String name, int numHeads) throws ModelFormatException {
        int d = heads.headDim();
        return switch (heads.headNorms()) {
            case NONE -> null;
            case UNWEIGHTED -> config.layer(layer).rotary() == null ? null : new NormTensors(null, null);
            case SHARED -> reader.norm(name, d, names.biasesNorms);
            case JOINT -> reader.norm(name, numHeads * d, false);
            case OWN -> new NormTensors(
                    reader.has(name + ".weight") ? reader.tensor(name + ".weight", numHeads, d)
                            : stacked(name, numHeads),
                    null);
        };
    }

    /** StableLM keeps the weights of each head as a tensor of its own. */
    private Tensor stacked(String name, int numHeads) throws ModelFormatException {
        int d = heads.headDim();
        float[] all = new float[numHeads * d];
        for (int head = 0; head < numHeads; head++) {
            float[] own = reader.tensor(name + ".norms." + head + ".weight", d).toFloatArray();
            System.arraycopy(own, 0, all, head * d, d);
        }
        return Tensor.of(all, numHeads, d);
    }

    private List<WeightMatrix> qkv(String name) throws ModelFormatException {
        int e = config.hiddenSize();
        int queries = heads.numHeads() * heads.headDim();
        int keys = heads.numKvHeads() * heads.headDim();
        boolean biased = heads.qkvBias();
        return switch (names.qkv) {
            case APART -> List.of(reader.linear(name + "q_proj", queries, e, biased),
                    reader.linear(name + "k_proj", keys, e, biased), reader.linear(name + "v_proj", keys, e, biased));
            case JOINED -> List.of(reader.linear(name + names.joinedQkv, queries + 2 * keys, e, biased));
            case GROUPED -> reader.groupedQkv(name + names.joinedQkv, heads, e, biased);
            case LATENT -> LatentReader.down(heads, Objects.requireNonNull(heads.latent()), name, reader, e);
            case FOUR_BLOCKS ->
                    FourBlocks.split(reader.linear(name + names.joinedQkv, 3 * queries, e, biased), queries);
        };
    }

    private List<WeightMatrix> ffnUp(String name) throws ModelFormatException {
        int e = config.hiddenSize();
        int f = config.ffnSize();
        boolean biased = config.ffn().bias();
        if (names.joinsGateAndUp) {
            return List.of(reader.linear(name + names.up, 2 * f, e, biased));
        }
        WeightMatrix up = reader.linear(name + names.up, f, e, biased);
        return config.gatedFfn() ? List.of(reader.linear(name + names.gate, f, e, biased), up) : List.of(up);
    }
}
