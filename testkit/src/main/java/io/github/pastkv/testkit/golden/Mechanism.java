package io.github.pastkv.testkit.golden;

import java.util.Arrays;
import java.util.List;

/**
 * What a model may do in its own way, each with the golden model that stands for it where running every family would
 * take too long: in the equality tests and in sweeps. A new mechanism gets a line here; a family that only combines
 * these needs none.
 */
public enum Mechanism {
    LEARNED_POSITIONS("gpt2"),
    LEARNED_POSITIONS_FROM_AN_OFFSET("opt"),
    SINUSOIDAL_POSITIONS("xglm"),
    ROPE("llama"),
    ROPE_OVER_PART_OF_A_HEAD("gpt_neox"),
    ROPE_OF_NEIGHBORING_PAIRS("gptj"),
    ROPE_WITH_SCALED_FREQUENCIES("llama3_rope_tied"),
    ROPE_BY_YARN("gpt_oss"),
    ROPE_WITH_TWO_BASES("gemma3_text"),
    ALIBI("bloom_6heads"),
    LAYERS_WITHOUT_POSITIONS("llama4_text"),

    ONE_KV_HEAD_PER_QUERY_HEAD("gpt2"),
    GROUPED_QUERY_ATTENTION("llama"),
    ONE_KV_HEAD("gemma3_text"),
    WINDOW_IN_EVERY_LAYER("mistral"),
    WINDOW_IN_SOME_LAYERS("gemma2"),
    ATTENTION_IN_CHUNKS("llama4_text"),
    ATTENTION_SINKS("gpt_oss"),
    SOFT_CAPS("gemma2"),
    QK_NORM_BEFORE_ROPE("gemma3_text"),
    QK_NORM_AFTER_ROPE("hunyuan_v1_dense"),
    QK_NORM_OVER_ALL_HEADS("olmo2"),
    CLIPPED_PROJECTIONS("olmo"),
    LATENT_ATTENTION("deepseek_v2_lite"),
    LATENT_ATTENTION_WITH_COMPRESSED_QUERIES("deepseek_v2"),
    LATENT_ATTENTION_WITH_SCALED_LATENTS("longcat_flash"),

    LAYER_NORM("gpt2"),
    LAYER_NORM_WITHOUT_WEIGHTS("olmo"),
    LAYER_NORM_PLUS_ONE("nemotron"),
    RMS_NORM("llama"),
    RMS_NORM_PLUS_ONE("gemma2"),
    NORM_AFTER_EACH_BLOCK("olmo2"),
    PARALLEL_BLOCKS("gpt_neox"),
    PARALLEL_BLOCKS_WITH_ONE_NORM("gptj"),
    SCALED_RESIDUALS("granite"),

    GELU("gpt2"),
    RELU("opt"),
    SQUARED_RELU("nemotron"),
    XIELU("apertus"),
    GATED_SILU("llama"),
    GATED_GELU("gemma2"),

    EXPERTS_BY_SOFTMAX("mixtral"),
    EXPERTS_BY_SPARSE_MIXER("phimoe"),
    EXPERTS_WITH_BIASES("gpt_oss"),
    EXPERTS_IN_GROUPS_AND_SHARED_ONES("dots1"),
    EXPERTS_WITH_SCALED_INPUTS("llama4_text"),
    EXPERTS_AS_A_SHORTCUT("longcat_flash"),
    EXPERTS_THAT_GIVE_WHAT_THEY_READ("longcat_flash"),

    WEIGHTS_IN_BF16("llama_bf16");

    private final String modelName;

    Mechanism(String modelName) {
        this.modelName = modelName;
    }

    /** The golden models that have all mechanisms between them, each once. */
    public static List<String> modelNames() {
        return Arrays.stream(values()).map(mechanism -> mechanism.modelName).distinct().toList();
    }
}
