package io.github.pastkv.model.gguf;

import io.github.pastkv.model.files.ModelFormatException;
import java.util.Map;

/** Gemma's architectures. Norm weights have one added; which layers have windows is not in most files. */
final class GemmaArchitectures {
    /** Norms before and after both blocks. */
    private static final Map<String, String> FOUR_NORMS = Map.of("post_attention_norm", "post_attention_layernorm",
            "ffn_norm", "pre_feedforward_layernorm", "post_ffw_norm", "post_feedforward_layernorm");

    static final Map<String, Architecture> ALL = Map.of(
            "gemma", new Architecture(keys -> LlamaArchitectures.rms(keys, "gemma"),
                    TensorNames.LLAMA.withNormsPlusOne()),
            "gemma2", new Architecture(GemmaArchitectures::gemma2,
                    TensorNames.LLAMA.with(FOUR_NORMS).withNormsPlusOne()),
            "gemma3", new Architecture(GemmaArchitectures::gemma3,
                    LlamaArchitectures.HEAD_NORMS.with(FOUR_NORMS).withNormsPlusOne()));

    private GemmaArchitectures() {}

    /** Scores are divided by the root of the head size, in the largest model of each by that of hidden / heads. */
    private static void gemma(ConfigKeys keys, int layersOfLargest) throws ModelFormatException {
        keys.putSizes().putRmsEpsilon("rms_norm_eps").putWindow();
        RowOrder.Heads heads = keys.heads();
        keys.put("query_pre_attn_scalar", keys.numLayers() == layersOfLargest
                ? (double) keys.size("embedding_length") / heads.numHeads()
                : heads.headDim());
        keys.number("attention.scale"); // llama.cpp's rule above does not read it
        keys.putNumber("final_logit_softcapping", "final_logit_softcapping");
    }

    private static void gemma2(ConfigKeys keys) throws ModelFormatException {
        gemma(keys.put("model_type", "gemma2"), 46);
        keys.putNumber("attn_logit_softcapping", "attn_logit_softcapping").putLayerTypes(2).putRope();
    }

    private static void gemma3(ConfigKeys keys) throws ModelFormatException {
        gemma(keys.put("model_type", "gemma3_text"), 62);
        keys.putLayerTypes(6).put("rope_parameters", Map.of("full_attention", keys.rope(), "sliding_attention",
                Map.of("rope_theta", keys.number("rope.freq_base_swa").orElse(10000))));
    }
}
