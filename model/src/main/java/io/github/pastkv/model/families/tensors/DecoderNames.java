package io.github.pastkv.model.families.tensors;

import io.github.pastkv.model.family.BlockNorms;

import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The names of a decoder's tensors in one family, and what follows from them: which norms there are, and which parts
 * are stored as one tensor. Begins as Llama's; each method changes one thing. Read-only once a family has built its
 * own.
 */
public final class DecoderNames {
    /** How queries, keys and values are stored. */
    public enum Qkv {
        /** Three weights. */
        APART,
        /** One weight, all queries, then all keys, then all values. */
        JOINED,
        /** One weight, group by group: the queries of a key/value head, then that key, then that value. */
        GROUPED,
        /** One weight in four blocks of heads, in each all queries, then values, then keys. */
        FOUR_BLOCKS,
        /** Latents, with DeepSeek's names. */
        LATENT
    }

    List<String> prefixes = List.of("", "model.");
    String embedding = "embed_tokens";
    @Nullable String positions;
    String layers = "layers.";
    boolean pairsLayers;
    String attention = "self_attn.";
    Qkv qkv = Qkv.APART;
    String joinedQkv = "qkv_proj";
    String out = "o_proj";
    String queryNorm = "q_norm";
    String keyNorm = "k_norm";
    String ffn = "mlp.";
    String gate = "gate_proj";
    String up = "up_proj";
    boolean joinsGateAndUp;
    String down = "down_proj";
    ExpertNames experts = ExpertNames.DEFAULT;
    BlockNorms<String> attentionNorms = BlockNorms.before("input_layernorm");
    BlockNorms<String> ffnNorms = BlockNorms.before("post_attention_layernorm");
    boolean sharesNorm;
    boolean biasesNorms;
    String finalNorm = "norm";
    String head = "lm_head";
    boolean biasesHead;
    Pattern ignored = Pattern.compile("layers\\.\\d+\\.self_attn\\.rotary_emb\\.inv_freq|rotary_emb\\.inv_freq");

    /** Prefixes that all names but the head's may have, the usual one last. */
    public DecoderNames prefixes(String... newPrefixes) {
        prefixes = List.of(newPrefixes);
        return this;
    }

    public DecoderNames embedding(String name) {
        embedding = name;
        return this;
    }

    public DecoderNames positions(String name) {
        positions = name;
        return this;
    }

    /** Names of the layers and of the two blocks in each, with the dot that follows. */
    public DecoderNames blocks(String newLayers, String newAttention, String newFfn) {
        layers = newLayers;
        attention = newAttention;
        ffn = newFfn;
        return this;
    }

    /** Two layers are stored as one; the number of each within it follows the names of its blocks and norms. */
    public DecoderNames pairedLayers() {
        pairsLayers = true;
        return this;
    }

    /** How the names of a layer's tensors begin. */
    String layer(int layer) {
        return layers + (pairsLayers ? layer / 2 : layer) + ".";
    }

    /** The name within the layer of a norm, or of a block with the dot that follows. */
    String part(String name, int layer) {
        if (!pairsLayers) {
            return name;
        }
        return name.endsWith(".") ? name + layer % 2 + "." : name + "." + layer % 2;
    }

    public DecoderNames qkv(Qkv kind, String name) {
        qkv = kind;
        joinedQkv = name;
        return this;
    }

    public DecoderNames out(String name) {
        out = name;
        return this;
    }

    public DecoderNames headNorms(String query, String key) {
        queryNorm = query;
        keyNorm = key;
        return this;
    }

    /** Names in the feed-forward block, without a gate or with its usual name. */
    public DecoderNames ffn(String newUp, String newDown) {
        up = newUp;
        down = newDown;
        return this;
    }

    /** Gate and up as one weight. */
    public DecoderNames joinedGate(String name) {
        joinsGateAndUp = true;
        up = name;
        return this;
    }

    /** Names in the blocks of layers with experts. */
    public DecoderNames experts(ExpertNames newExperts) {
        experts = newExperts;
        return this;
    }

    public DecoderNames norms(BlockNorms<String> ofAttention, BlockNorms<String> ofFfn) {
        attentionNorms = ofAttention;
        ffnNorms = ofFfn;
        return this;
    }

    /** The usual two norms before the blocks under other names. */
    public DecoderNames norms(String ofAttention, String ofFfn) {
        return norms(BlockNorms.before(ofAttention), BlockNorms.before(ofFfn));
    }

    /** One norm that both blocks read. */
    public DecoderNames sharedNorm(String name) {
        sharesNorm = true;
        return norms(name, name);
    }

    public DecoderNames biasedNorms() {
        biasesNorms = true;
        return this;
    }

    public DecoderNames finalNorm(String name) {
        finalNorm = name;
        return this;
    }

    public DecoderNames head(String name) {
        head = name;
        return this;
    }

    public DecoderNames biasedHead() {
        biasesHead = true;
        return this;
    }

    /** Layers from {@code numLayers} on are not read: they predict further tokens at once. */
    public DecoderNames ignoringLayersFrom(int numLayers) {
        return ignoring("layers\\." + numLayers + "\\..*|" + ignored.pattern());
    }

    /** Tensors without the prefix that are not read, such as stored masks. */
    public DecoderNames ignoring(String pattern) {
        ignored = Pattern.compile(pattern);
        return this;
    }
}
