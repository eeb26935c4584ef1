package io.github.pastkv.model.families.llama;

import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.HeadNorms;
import io.github.pastkv.model.config.LayerConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.config.RopeConfig;
import io.github.pastkv.model.families.keys.CommonKeys;
import io.github.pastkv.model.families.keys.LlamaKeys;
import io.github.pastkv.model.families.keys.RopeKeys;
import io.github.pastkv.model.families.tensors.DecoderNames;
import io.github.pastkv.model.families.tensors.DecoderTensors;
import io.github.pastkv.model.family.Family;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.WeightSource;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/** HunYuan dense: Llama with norms of each query and key head after RoPE. */
public final class HunYuanDense implements Family {
    private static final LlamaKeys.Defaults DEFAULTS =
            new LlamaKeys.Defaults(2048, OptionalInt.empty(), OptionalInt.empty(), 1e-5, false);
    private static final Set<String> HARMLESS_KEYS = CommonKeys.harmless("attention_dropout", "pretraining_tp",
            "eod_token_id", "eod_id", "attention_head_dim", "cla_share_factor", "norm_type", "org_vocab_size", "pad_id",
            "im_start_id", "im_end_id", "text_start_id", "text_end_id", "mask_init_id", "use_rotary_pos_emb",
            "position_embedding_xdrope", "enable_lm_head_fp32", "class_num", "pool_type", "dense_list",
            "tokenizer_class", "use_qk_norm", "unk_id", "im_newline_id", "image_token_id", "num_media_embeds",
            "add_classification_head", "num_experts");
    private static final DecoderNames NAMES = new DecoderNames().headNorms("query_layernorm", "key_layernorm");

    @Override
    public String modelType() {
        return "hunyuan_v1_dense";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("HunYuanDenseV1ForCausalLM", "HunYuanDenseV1Model");
    }

    @Override
    public ModelConfig readConfig(JsonObject json) throws ModelFormatException {
        LlamaKeys keys = new LlamaKeys(json, DEFAULTS);
        boolean biased = json.findBoolean("attention_bias", false);
        AttentionConfig attention = keys.heads().withBiases(biased, biased)
                .withHeadNorms(HeadNorms.SHARED).withNormAfterRope();
        RopeConfig rotary = new RopeKeys(json, attention.headDim(), keys.sizes().maxSeqLen())
                .read(RopeKeys.Spelling.USUAL.withAliases(Map.of("dynamic", "dynamic_alpha")));
        ModelConfig config = keys.model(modelType(), attention, keys.ffn("hidden_act", "silu"),
                LayerConfig.equal(keys.sizes().numLayers(), attention.scaleByHeadDim(), rotary));
        json.refuseUnknownKeys(HARMLESS_KEYS);
        return config;
    }

    @Override
    public ModelTensors readTensors(ModelConfig config, WeightSource weights) throws ModelFormatException {
        return DecoderTensors.read(config, NAMES, weights);
    }
}
