package io.github.pastkv.cli.show;

import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvTypes;
import io.github.pastkv.cache.layout.LayerKvTypes;
import io.github.pastkv.cli.io.ByteSize;
import io.github.pastkv.cli.options.CacheMixin;
import io.github.pastkv.cli.options.ModelMixin;
import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.KernelsChoice;
import io.github.pastkv.kernels.weights.ComputeType;
import io.github.pastkv.kernels.weights.LinearPrecision;
import io.github.pastkv.kernels.weights.WeightMatrices;
import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.kernels.weights.WeightType;
import io.github.pastkv.model.ModelFolder;
import io.github.pastkv.model.config.AlphaNtkRope;
import io.github.pastkv.model.config.DefaultRope;
import io.github.pastkv.model.config.DynamicNtkRope;
import io.github.pastkv.model.config.ExpertsConfig;
import io.github.pastkv.model.config.GenerationConfig;
import io.github.pastkv.model.config.LatentConfig;
import io.github.pastkv.model.config.LayerConfig;
import io.github.pastkv.model.config.LinearRope;
import io.github.pastkv.model.config.Llama3Rope;
import io.github.pastkv.model.config.LongRope;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.config.RopeConfig;
import io.github.pastkv.model.config.RopeScaling;
import io.github.pastkv.model.config.YarnRope;
import io.github.pastkv.model.family.LayerTensors;
import io.github.pastkv.model.gguf.GgufModel;
import io.github.pastkv.model.gguf.GgufTensor;
import io.github.pastkv.tensor.DataType;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A model in words and numbers. */
final class ModelDescription {
    private static final String TABLE_ROW = "%-13s %11s %14s %14s %16s%n";

    private final ModelFolder folder;
    private final ModelConfig config;

    ModelDescription(ModelFolder folder) {
        this.folder = folder;
        this.config = folder.config();
    }

    /** What the model is and what runs it. */
    String describe(ModelMixin options, KernelsChoice kernels) {
        return fact("model", options.isShipped() ? "tiny, ships with PastKV; in " + folder.folder() : options.name())
                + fact("architecture", config.architecture() + ": " + config.numLayers() + " layers of width "
                        + config.hiddenSize() + feedForward() + experts()
                        + (config.parallelResidual() ? ", both blocks side by side" : "")
                        + factor("blocks", config.layer(0).blockScale()))
                + fact("attention", heads() + windows()
                        + cap("scores", config.attention().scoreSoftCap()) + headNorms()
                        + (config.attention().sinkScores() ? ", an attention sink for each head" : "")
                        + cap("queries, keys and values", config.attention().clip()))
                + fact("positions", positions())
                + fact("vocabulary", number(config.vocabSize()) + " tokens"
                        + factor("embeddings", config.embedding().scale()) + ", head "
                        + (config.tiedHead() ? "tied to the embedding" : "of its own")
                        + factor("logits", config.head().logitScale()) + cap("logits", config.head().softCap()))
                + fact("context", number(config.maxSeqLen()) + " tokens")
                + fact("parameters", number(folder.tensors().numParameters()) + activeParameters() + ", stored as "
                        + storedTypes()
                        + (folder.storedLinears() == WeightType.STORED ? ""
                                : ", linear layers as " + folder.storedLinears().label()))
                + fact("tokenizer", folder.hasTokenizer() ? tokenizerFile() : "none; takes token ids only")
                + fact("generation", generation(folder.generationConfig()))
                + fact("kernels", kernels.kernels().name() + ": " + kernels.reason())
                + fact("compute", folder.linearPrecision(options.options(), kernels.kernels()) + ", threads: "
                        + options.options().numThreads())
                + fact("linear layers", linearLayers(folder.linearPrecision(options.options(), kernels.kernels()),
                        kernels.kernels()));
    }

    private String heads() {
        LatentConfig latent = config.attention().latent();
        return latent == null
                ? config.numHeads() + " query heads over " + config.numKvHeads() + " key/value heads of "
                        + config.headDim()
                : config.numHeads() + " query heads of " + config.headDim() + " over a latent of " + latent.latentDim()
                        + " and a rotary key of " + latent.rotaryDim() + ", values of " + latent.valueDim();
    }

    /** Nothing where every layer has experts. */
    private String feedForward() {
        return folder.tensors().layers().stream().allMatch(layer -> layer.ffn().dense() == null) ? ""
                : ", feed-forward " + config.ffnSize() + " (" + lowerCase(config.activation())
                        + (config.gatedFfn() ? ", gated)" : ")");
    }

    /** Such as ", 2 of 8 experts of width 14,336 in 32 layers, shared expert of width 5,632". */
    private String experts() {
        ExpertsConfig experts = config.experts();
        if (experts == null) {
            return "";
        }
        long numLayers = config.layers().stream().filter(layer -> layer.experts() != null).count();
        return ", " + experts.numChosen() + " of " + experts.numExperts() + " experts of width "
                + number(experts.expertSize()) + " ("
                + (experts.swiglu() == null ? lowerCase(config.activation()) : "clamped swiglu") + ", gated) in "
                + numLayers + " layers" + (experts.shared().size() == 0 ? ""
                        : ", shared expert of width " + number(experts.shared().size()))
                + (experts.numIdentity() == 0 ? "" : ", the last " + experts.numIdentity() + " give what they read")
                + (experts.shortcut() ? ", added a layer later" : "");
    }

    private String activeParameters() {
        return config.experts() == null ? ""
                : ", of which a token takes " + number(folder.numActiveParameters());
    }

    /** What is multiplied with what, and where, such as "bf16 weights, f32 inputs and sums, in vector (512 bit)". */
    private String linearLayers(LinearPrecision precision, Kernels kernels) {
        LayerTensors first = folder.tensors().layers().getFirst();
        WeightMatrix down = first.ffn().linears().reduce((_, last) -> last).orElseThrow();
        if (down instanceof WeightMatrix.Grouped) {
            String grouped =
                    "integers with scales of groups, as stored, f32 inputs and sums, in " + ownKernels(kernels);
            WeightMatrix out = first.attentionOut().getFirst();
            boolean isMixedFile = folder.source() instanceof GgufModel && config.experts() == null;
            return isMixedFile || out instanceof WeightMatrix.Grouped ? grouped
                    : plainLayers(WeightMatrices.tensor(out).dataType(), precision, kernels) + "; experts: " + grouped;
        }
        return plainLayers(WeightMatrices.tensor(down).dataType(), precision, kernels);
    }

    private static String plainLayers(DataType stored, LinearPrecision precision, Kernels kernels) {
        if (precision.weights().isGrouped()) {
            return precision.weights().label() + " weights made of " + lowerCase(stored) + ", f32 inputs and sums, in "
                    + ownKernels(kernels);
        }
        String weights = precision.weights() == WeightType.STORED ? lowerCase(stored) + " weights"
                : "int8 weights" + (stored == DataType.I8 ? "" : " made of " + lowerCase(stored));
        String inputs = precision.compute() == ComputeType.F32 ? "f32 inputs and sums" : "bf16 inputs, f32 sums";
        return weights + ", " + inputs + ", in " + kernels.linearName(precision, stored);
    }

    private String tokenizerFile() {
        return folder.source() instanceof GgufModel ? "in the file" : "tokenizer.json";
    }

    /** Grouped integers are left to our own kernels. */
    private static String ownKernels(Kernels kernels) {
        return kernels.linearName(LinearPrecision.PLAIN, DataType.I8);
    }

    /** The type of the embedding in folders; all types of a GGUF file. */
    private String storedTypes() {
        WeightMatrix embedding = folder.tensors().embedding().tokens();
        return folder.source() instanceof GgufModel gguf
                ? gguf.tensors().map(tensor -> lowerCase(tensor.type())).distinct().sorted()
                        .collect(Collectors.joining(", "))
                : lowerCase(WeightMatrices.tensor(embedding).dataType());
    }

    /** Tensors of a GGUF file, those of all layers that are stored alike as one, with what runs them; else nothing. */
    String describeTensors(ModelMixin options, Kernels kernels) {
        if (!(folder.source() instanceof GgufModel gguf)) {
            return "";
        }
        Map<String, Long> counts = gguf.tensors().collect(Collectors.groupingBy(
                tensor -> String.format(Locale.ROOT, "  %-30s %-7s %s",
                        tensor.name().replaceFirst("^blk\\.\\d+", "blk.*"),
                        lowerCase(tensor.type()), runs(tensor, options, kernels)),
                TreeMap::new, Collectors.counting()));
        StringBuilder table = new StringBuilder(String.format(Locale.ROOT, "%ntensors%n"));
        counts.forEach((line, count) -> table.append(line).append(count > 1 ? " (" + count + " tensors)" : "")
                .append(System.lineSeparator()));
        return table.toString();
    }

    /** Tables are looked up, not multiplied, unless they are the head too. */
    private String runs(GgufTensor tensor, ModelMixin options, Kernels kernels) {
        String name = tensor.name();
        if (name.startsWith("rope_")) {
            return "factors of RoPE";
        }
        if (!name.equals("token_embd.weight") && !name.equals("position_embd.weight")) {
            return multiplied(tensor, options, kernels);
        }
        boolean isHead = name.equals("token_embd.weight") && config.tiedHead();
        return "looked up by row" + (isHead ? "; as head " + multiplied(tensor, options, kernels) : "");
    }

    private String multiplied(GgufTensor tensor, ModelMixin options, Kernels kernels) {
        boolean isOfLatents = tensor.name().endsWith("attn_k_b.weight") || tensor.name().endsWith("attn_v_b.weight");
        if (tensor.type().isGrouped() && !isOfLatents) {
            return tensor.type().describeGroups() + " in " + ownKernels(kernels);
        }
        if (isOfLatents) {
            return "as f32 in "
                    + kernels.linearName(folder.linearPrecision(options.options(), kernels), DataType.F32);
        }
        if (tensor.shape().size() < 2) {
            return "as f32 in " + ownKernels(kernels);
        }
        return "as stored in " + kernels.linearName(folder.linearPrecision(options.options(), kernels),
                DataType.valueOf(tensor.type().name()));
    }

    /** What its cache takes. */
    String describe(CacheMixin options) {
        List<Integer> lengths = List.of(1024, 8192, config.maxSeqLen());
        StringBuilder table = new StringBuilder(String.format(Locale.ROOT, "%n" + TABLE_ROW, "cache", "bytes/token",
                number(lengths.get(0)) + " tok", number(lengths.get(1)) + " tok",
                number(lengths.get(2)) + " (longest)"));
        for (LayerKvTypes types : typesToShow(options.kvTypes())) {
            List<String> bytes = lengths.stream().map(length -> bytes(types, length, options.blockSize())).toList();
            table.append(String.format(Locale.ROOT, TABLE_ROW, "  " + types, number(bytesPerToken(types)),
                    bytes.get(0), bytes.get(1), bytes.get(2)));
        }
        return table + expanded(options) + fact("cache limit", new ByteSize(options.limitBytes()) + ", room for "
                + number(room(options)) + " tokens of " + options.kvTypes());
    }

    /** What a token would take if the keys and values of all heads were stored instead of latents. */
    private String expanded(CacheMixin options) {
        if (config.attention().latent() == null) {
            return "";
        }
        KvType type = options.kvTypes().rest().keys();
        long bytes = config.numHeads() * (type.bytesPerHead(config.headDim()) + type.bytesPerHead(config.valueDim()))
                * config.numLayers();
        return fact("latents", new ByteSize(bytesPerToken(options.kvTypes())) + " per token as " + options.kvTypes()
                + "; keys and values of all heads would take " + new ByteSize(bytes));
    }

    /** Every type for keys and values alike, and what was asked for. */
    private static Set<LayerKvTypes> typesToShow(LayerKvTypes asked) {
        Set<LayerKvTypes> types = new LinkedHashSet<>();
        for (KvType type : KvType.values()) {
            types.add(LayerKvTypes.of(KvTypes.of(type)));
        }
        types.add(asked);
        return types;
    }

    private long bytesPerToken(LayerKvTypes types) {
        return KvCacheConfig.of(config.toKvShape(), 1).withKvTypes(types).bytesPerToken();
    }

    /** Whole blocks. */
    private String bytes(LayerKvTypes types, int numTokens, int blockSize) {
        long numBlocks = Math.ceilDiv(numTokens, blockSize);
        return new ByteSize(numBlocks * blockSize * bytesPerToken(types)).toString();
    }

    private long room(CacheMixin options) {
        long blockBytes = bytesPerToken(options.kvTypes()) * options.blockSize();
        return options.limitBytes() / blockBytes * options.blockSize();
    }

    /** Such as ", windows of 4,096 tokens in 13 layers"; nothing where every layer sees everything. */
    private String windows() {
        return IntStream.range(0, config.numLayers()).map(config::window).filter(window -> window > 0).distinct()
                .mapToObj(window -> (isChunked(window) ? ", chunks of " : ", windows of ") + number(window)
                        + " tokens in "
                        + IntStream.range(0, config.numLayers()).filter(layer -> config.window(layer) == window).count()
                        + " layers")
                .collect(Collectors.joining());
    }

    private boolean isChunked(int window) {
        return config.layers().stream().anyMatch(layer -> layer.window() == window && layer.chunked());
    }

    private static String cap(String what, float cap) {
        return cap == 0 ? "" : ", " + what + " capped at " + cap;
    }

    private static String factor(String what, float factor) {
        return factor == 1 ? "" : ", " + what + " times " + factor;
    }

    private String headNorms() {
        String place = config.attention().normAfterRope() ? " after RoPE" : "";
        return switch (config.attention().headNorms()) {
            case NONE -> "";
            case SHARED -> ", norms of each head" + place;
            case OWN -> ", norms of each head with weights of its own" + place;
            case UNWEIGHTED -> ", norms of each head without weights" + place;
            case JOINT -> ", norms of all heads together" + place;
        };
    }

    private String positions() {
        String learned = config.embedding().learnedPositions() ? "learned" : "";
        String alibi = config.attention().alibi() ? "ALiBi" : "";
        String rotary = config.layers().stream().map(LayerConfig::rotary).filter(Objects::nonNull).distinct()
                .map(kind -> rotary(Objects.requireNonNull(kind))).collect(Collectors.joining("; "));
        long numWithout = config.layers().stream().filter(layer -> layer.rotary() == null).count();
        String none = rotary.isEmpty() || numWithout == 0 ? "" : "none in " + numWithout + " layers";
        String temperature = config.layers().stream().anyMatch(layer -> layer.queryTemperature() != null)
                ? "queries that grow with their position"
                : "";
        return Stream.of(learned, alibi, rotary, none, temperature).filter(text -> !text.isEmpty())
                .collect(Collectors.joining("; "));
    }

    private String rotary(RopeConfig rotary) {
        String part = rotary.rotaryDim() == config.headDim() || config.attention().latent() != null ? ""
                : " of " + rotary.rotaryDim() + " dimensions";
        return (rotary.isInterleaved() ? "interleaved rotary" : "rotary") + part + ", theta "
                + number(Math.round(rotary.theta())) + scaling(rotary.scaling());
    }

    private static String scaling(RopeScaling scaling) {
        return switch (scaling) {
            case DefaultRope _ -> "";
            case AlphaNtkRope alpha -> ", base stretched by alpha " + alpha.alpha();
            case LinearRope linear -> ", scaled linearly by " + linear.factor();
            case DynamicNtkRope dynamic -> ", stretched by " + dynamic.factor() + " beyond "
                    + number(dynamic.trainedMaxSeqLen()) + " tokens";
            case Llama3Rope llama3 -> ", scaled as Llama 3 by " + llama3.factor();
            case YarnRope yarn -> ", scaled by YaRN by " + yarn.factor();
            case LongRope longRope -> ", LongRoPE beyond " + number(longRope.originalMaxSeqLen()) + " tokens";
        };
    }

    private static String generation(GenerationConfig defaults) {
        String ends = defaults.eosIds().isEmpty()
                ? "no token ends a text"
                : "ends at token " + defaults.eosIds().stream().map(String::valueOf).collect(Collectors.joining(", "));
        if (!defaults.doSample()) {
            return "greedy; " + ends;
        }
        return "draws at temperature " + defaults.temperature().orElse(1)
                + (defaults.topK().orElse(0) == 0 ? "" : ", top-k " + defaults.topK().getAsInt())
                + (defaults.topP().orElse(1) == 1 ? "" : ", top-p " + defaults.topP().getAsDouble()) + "; " + ends;
    }

    private static String fact(String name, String value) {
        return String.format(Locale.ROOT, "%-13s %s%n", name, value);
    }

    private static String number(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    private static String lowerCase(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
