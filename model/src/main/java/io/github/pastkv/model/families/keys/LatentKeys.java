package io.github.pastkv.model.families.keys;

import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.LatentConfig;
import io.github.pastkv.model.config.RopeConfig;
import io.github.pastkv.model.config.YarnRope;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;

/** The keys of {@code config.json} that families with latent attention share. */
public final class LatentKeys {
    private final JsonObject json;
    private final int rotaryDim;
    private final int keyDim;

    /** Reads the sizes of heads, with DeepSeek's where they are absent. */
    public LatentKeys(JsonObject json) throws ModelFormatException {
        this.json = json;
        this.rotaryDim = size("qk_rope_head_dim", 64);
        this.keyDim = size("qk_nope_head_dim", 128);
        requireIfStated("head_dim", "qk_rope_head_dim", rotaryDim);
        requireIfStated("qk_head_dim", "qk_nope_head_dim + qk_rope_head_dim", keyDim + rotaryDim);
    }

    private int size(String key, int absent) throws ModelFormatException {
        return json.findInt(key, 1, CommonKeys.MAX_HEAD_DIM).orElse(absent);
    }

    private void requireIfStated(String key, String what, int value) throws ModelFormatException {
        OptionalInt stated = json.findInt(key, 1, CommonKeys.MAX_HEAD_DIM);
        if (stated.isPresent() && stated.getAsInt() != value) {
            throw json.refusal(key, stated.getAsInt() + ", but " + what + " is " + value);
        }
    }

    /**
     * Heads over latents, without biases unless {@code attention_bias} says so.
     *
     * @param splitsPairs whether rotated pairs are written as two halves
     */
    public AttentionConfig heads(boolean splitsPairs) throws ModelFormatException {
        int numHeads = json.requireInt("num_attention_heads", 1, CommonKeys.MAX_HEADS);
        OptionalInt kvHeads = json.findInt("num_key_value_heads", 1, CommonKeys.MAX_HEADS);
        if (kvHeads.isPresent() && kvHeads.getAsInt() != numHeads) {
            throw json.refusal("num_key_value_heads",
                    kvHeads.getAsInt() + ", with latent attention it must be num_attention_heads " + numHeads);
        }
        boolean biased = json.findBoolean("attention_bias", false);
        return AttentionConfig.of(numHeads, numHeads, keyDim + rotaryDim).withBiases(biased, biased)
                .withLatent(new LatentConfig(queryRank(), size("kv_lora_rank", 512), rotaryDim,
                        size("v_head_dim", 128), 1f, 1f, splitsPairs));
    }

    /** LongCat-Flash's: rotated pairs as halves, queries and latents times the root of hidden size over their rank. */
    public AttentionConfig scaledHeads(int hiddenSize) throws ModelFormatException {
        AttentionConfig heads = heads(true);
        LatentConfig latent = Objects.requireNonNull(heads.latent());
        if (latent.queryRank() == 0) {
            throw json.refusal("q_lora_rank", "null, but queries are scaled by it");
        }
        for (String key : List.of("mla_scale_q_lora", "mla_scale_kv_lora")) {
            if (!json.findBoolean(key, true)) {
                throw json.refusal(key, "false, but transformers scales latents in any case");
            }
        }
        return heads.withLatent(latent.scaled((float) Math.sqrt((double) hiddenSize / latent.queryRank()),
                (float) Math.sqrt((double) hiddenSize / latent.latentDim())));
    }

    /** 0 where {@code q_lora_rank} is null. */
    private int queryRank() throws ModelFormatException {
        return json.isNull("q_lora_rank") ? 0 : json.findInt("q_lora_rank", 1, CommonKeys.MAX_WIDTH).orElse(1536);
    }

    /** RoPE of the rotary parts, which pairs halves. */
    public RopeConfig rotary(int maxSeqLen) throws ModelFormatException {
        return new RopeKeys(json, rotaryDim, maxSeqLen).read(RopeKeys.Spelling.USUAL);
    }

    /** 1 / sqrt(D), and with YaRN the square of what {@code mscale_all_dim} grows to. */
    public static float scoreScale(AttentionConfig heads, RopeConfig rotary) {
        return rotary.scaling() instanceof YarnRope yarn
                ? (float) (yarn.scoreFactor() / Math.sqrt(heads.headDim()))
                : heads.scaleByHeadDim();
    }
}
