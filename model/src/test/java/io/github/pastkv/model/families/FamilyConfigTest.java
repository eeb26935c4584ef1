package io.github.pastkv.model.families;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.kernels.Activation;
import io.github.pastkv.kernels.NormWeights;
import io.github.pastkv.model.TestFiles;
import io.github.pastkv.model.config.AlibiSlopes;
import io.github.pastkv.model.config.AttentionConfig;
import io.github.pastkv.model.config.DefaultRope;
import io.github.pastkv.model.config.DynamicNtkRope;
import io.github.pastkv.model.config.EmbeddingConfig;
import io.github.pastkv.model.config.FfnConfig;
import io.github.pastkv.model.config.HeadConfig;
import io.github.pastkv.model.config.LayerConfig;
import io.github.pastkv.model.config.LinearRope;
import io.github.pastkv.model.config.Llama3Rope;
import io.github.pastkv.model.config.LongRope;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.config.ModelSizes;
import io.github.pastkv.model.config.NormConfig;
import io.github.pastkv.model.config.Residual;
import io.github.pastkv.model.config.RopeConfig;
import io.github.pastkv.model.config.RopeScaling;
import io.github.pastkv.model.config.TokenIds;
import io.github.pastkv.model.config.YarnRope;
import io.github.pastkv.model.files.JsonFile;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.tensor.DataType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

class FamilyConfigTest {
    private static final String GPT2 = """
            {"model_type":"gpt2","architectures":["GPT2LMHeadModel"],"n_embd":12,"n_head":3,"n_layer":2,
             "n_positions":16,"vocab_size":20}""";
    private static final String LLAMA = """
            {"model_type":"llama","architectures":["LlamaForCausalLM"],"hidden_size":12,"num_attention_heads":6,
             "num_hidden_layers":2,"intermediate_size":20,"vocab_size":30}""";
    private static final TokenIds GOLDEN_IDS = new TokenIds(OptionalInt.of(1), List.of(2), OptionalInt.of(0));

    private static final JsonMapper MAPPER = new JsonMapper();

    @TempDir private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "gpt2_bare_names", "llama", "llama3_rope_tied", "llama_bf16"})
    void readConfig_bothSpellings_areTheSame(String name) throws IOException {
        ModelConfig newer = read(TestFiles.resource("hf/" + name + "/config.json"));
        ModelConfig older = read(TestFiles.resource("hf/" + name + "/config.v4.json"));
        assertThat(newer).isEqualTo(older);
    }

    @Test
    void readConfig_gpt2_isRead() throws IOException {
        assertThat(read(TestFiles.resource("hf/gpt2/config.json"))).isEqualTo(new ModelConfig("gpt2",
                new ModelSizes(4, 40, 101, 64), EmbeddingConfig.withPositions(40),
                new NormConfig(NormWeights.Kind.LAYER, 0.002f), AttentionConfig.of(5, 5, 8).withBiases(true, true),
                new FfnConfig(112, Activation.GELU_TANH, false, true),
                LayerConfig.equal(4, (float) (1 / Math.sqrt(8)), null), Residual.SERIAL, HeadConfig.uncapped(true),
                DataType.F32,
                GOLDEN_IDS));
    }

    @Test
    void readConfig_llama_isRead() throws IOException {
        assertThat(read(TestFiles.resource("hf/llama_bf16/config.json"))).isEqualTo(new ModelConfig("llama",
                new ModelSizes(5, 32, 191, 70), EmbeddingConfig.plain(32), new NormConfig(NormWeights.Kind.RMS, 1e-6f),
                AttentionConfig.of(4, 2, 8), new FfnConfig(58, Activation.SILU, true, false),
                LayerConfig.equal(5, (float) (1 / Math.sqrt(8)), new RopeConfig(8, 10000, new DefaultRope())),
                Residual.SERIAL,
                HeadConfig.uncapped(false), DataType.BF16, GOLDEN_IDS));
    }

    @Test
    void readConfig_llama3Rope_isRead() throws IOException {
        ModelConfig config = read(TestFiles.resource("hf/llama3_rope_tied/config.json"));
        assertThat(config.layer(1).rotary()).isEqualTo(new RopeConfig(10, 500, new Llama3Rope(8, 1, 4, 64)));
        assertThat(config.tiedHead()).isTrue();
        assertThat(config.toKvShape()).isEqualTo(new KvShape(2, 4, 10));
    }

    @Test
    void readConfig_gpt2Scales_followTheRules() throws IOException {
        assertThat(read(write(with(GPT2, "\"n_embd\":48"))).layer(1).scoreScale()).isEqualTo(0.25f);
        assertThat(read(write(with(GPT2, "\"scale_attn_weights\":false"))).layer(1).scoreScale()).isEqualTo(1);
        ModelConfig byLayer = read(write(with(GPT2, "\"n_embd\":48,\"scale_attn_by_inverse_layer_idx\":true")));
        assertThat(byLayer.layers()).extracting(LayerConfig::scoreScale).containsExactly(0.25f, 0.125f);
    }

    @Test
    void readConfig_absentKeys_takeHuggingFacesDefaults() throws IOException {
        ModelConfig gpt2 = read(write(GPT2));
        assertThat(gpt2.ffn()).isEqualTo(new FfnConfig(48, Activation.GELU_TANH, false, true));
        assertThat(gpt2.norm().epsilon()).isEqualTo(1e-5f);
        assertThat(gpt2.tiedHead()).isTrue();
        assertThat(gpt2.tokenIds()).isEqualTo(new TokenIds(OptionalInt.empty(), List.of(), OptionalInt.empty()));

        ModelConfig llama = read(write(LLAMA));
        assertThat(llama.maxSeqLen()).isEqualTo(2048);
        assertThat(llama.attention()).isEqualTo(AttentionConfig.of(6, 6, 2));
        assertThat(llama.layer(1).rotary()).isEqualTo(new RopeConfig(2, 10000, new DefaultRope()));
        assertThat(llama.tiedHead()).isFalse();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            "rope_scaling":{"type":"linear","factor":4}
            "rope_scaling":{"rope_type":"linear","type":"linear","factor":4.0},"rope_theta":10000
            "rope_parameters":{"rope_type":"linear","factor":4,"partial_rotary_factor":1.0,"rope_theta":10000.0}
            """)
    void readConfig_linearRope_inAllSpellings(String keys) throws IOException {
        assertThat(read(write(with(LLAMA, keys))).layer(1).rotary())
                .isEqualTo(new RopeConfig(2, 10000, new LinearRope(4)));
    }

    /** Keys of published configurations that change nothing. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            "task_specific_params":{"text-generation":{"do_sample":true,"max_length":50}},"n_ctx":1024
            "_name_or_path":"distilgpt2","id2label":{"0":"LABEL_0"},"_num_labels":null,"summary_use_proj":true
            "resid_pdrop":0.1,"reorder_and_upcast_attn":true,"use_cache":true,"pad_token_id":-1
            "keys_to_ignore_at_inference":["past_key_values"],"output_router_logits":true,"router_aux_loss_coef":0.01
            "tp_plan":"auto","base_model_pp_plan":{"a":1},"ignore_index":-100,"base_model_name_or_path":"org/name"
            "gradient_checkpointing":false,"torch_dtype":"torch.float16","activation_function":"gelu_pytorch_tanh"
            """)
    void readConfig_harmlessKeys_areLetPass(String keys) throws IOException {
        assertThat(read(write(with(GPT2, keys))).hiddenSize()).isEqualTo(12);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            "n_head":5                         | n_embd: 12, must be a multiple of n_head 5
            "n_head":0                         | n_head: 0, must be in [1, 16384]
            "n_embd":-12                       | n_embd: -12, must be in [1, 16777216]
            "n_layer":"2"                      | n_layer: "2", must be an integer
            "n_layer":2.0                      | n_layer: 2.0, must be an integer
            "n_layer":null                     | n_layer: missing, must be an integer
            "vocab_size":99999999999           | vocab_size: 99999999999, must be in
            "layer_norm_epsilon":0             | layer_norm_epsilon: 0, must be positive
            "layer_norm_epsilon":1e-300        | layer_norm_epsilon: 1.0E-300, must be in [1.0E-18, 1.0E18]
            "activation_function":"mish"       | activation_function: "mish", known are [gelu, gelu_accurate,
            "tie_word_embeddings":"yes"        | tie_word_embeddings: "yes", must be true or false
            "eos_token_id":-2                  | eos_token_id: -2, must be in [-1, 2147483647]
            "dtype":"int8"                     | dtype: "int8", known are [bfloat16, float16, float32]
            "quantization_config":{"bits":4}   | quantization_config: {"bits":4}, weights quantized by another library are not supported
            "add_cross_attention":true         | add_cross_attention: true, this key is not known
            "architectures":["GPT3"]           | architectures: [GPT3] with model_type gpt2, must be one of [GPT2LMHeadModel, GPT2Model]
            "model_type":"llama"               | architectures: [GPT2LMHeadModel] with model_type llama, must be one of [LLaMAForCausalLM,
            "architectures":[],"model_type":null | architectures: [] is not supported; supported are apertus, arcee, biogpt, bloom,
            """)
    void readConfig_wrongGpt2_isRefusedByName(String keys, String problem) throws IOException {
        refused(write(with(GPT2, keys)), problem);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            "num_key_value_heads":4                      | num_attention_heads: 6, must be a multiple of num_key_value
            "hidden_size":13                             | hidden_size: 13, must be a multiple of num_attention_heads 6
            "head_dim":5                                 | head_dim: 5 of 5 dimensions, must be even for rotary positions
            "rope_theta":-1                              | rope_theta: -1, must be positive
            "rope_theta":1,"rope_parameters":{"rope_type":"yarn","factor":2} | rope_theta: 1.0, gives frequencies that are not finite
            "rope_scaling":{"type":"ntk","factor":2}     | rope_scaling.rope_type: "ntk", known are [default, dynamic,
            "rope_scaling":{"type":"linear"}             | rope_scaling.factor: missing, must be a number
            "rope_scaling":{"type":"linear","factor":"2"} | rope_scaling.factor: "2", must be a finite number
            "rope_scaling":{"type":"linear","factor":2,"betas":3} | rope_scaling.betas: 3, this key is not known
            "rope_scaling":{"type":"linear","rope_type":"default"} | rope_scaling.type: "linear", but rope_type is
            "rope_scaling":3                             | rope_scaling: 3, must be an object
            "rope_theta":5,"rope_parameters":{"rope_theta":6} | rope_theta: 5.0, but rope_parameters.rope_theta is 6.0
            "rope_parameters":{"partial_rotary_factor":0.5} | partial_rotary_factor: 1 of 2 dimensions, must be even
            "rope_scaling":{"type":"llama3","factor":8,"low_freq_factor":4,"high_freq_factor":4} | must be greater than
            "sliding_window":4096                        | sliding_window: 4096, this key is not known
            """)
    void readConfig_wrongLlama_isRefusedByName(String keys, String problem) throws IOException {
        refused(write(with(LLAMA, keys)), problem);
    }

    /** Keys and what becomes of them, for the families that descend from Llama. */
    @Test
    void readConfig_windows_followTheRulesOfTheFamilies() throws IOException {
        String windowed = "\"sliding_window\":7,\"max_window_layers\":1,\"num_key_value_heads\":2";
        assertThat(windows(with(family("qwen2", "Qwen2ForCausalLM"), windowed))).containsExactly(0, 0);
        assertThat(windows(with(family("qwen2", "Qwen2ForCausalLM"), windowed + ",\"use_sliding_window\":true")))
                .containsExactly(0, 7);
        assertThat(windows(with(family("qwen3", "Qwen3ForCausalLM"),
                windowed + ",\"use_sliding_window\":true,\"layer_types\":[\"sliding_attention\",\"full_attention\"]")))
                .containsExactly(7, 0);
        String mistral = with(family("mistral", "MistralForCausalLM"), "\"num_key_value_heads\":2");
        assertThat(windows(mistral)).containsExactly(4096, 4096);
        assertThat(windows(with(mistral, "\"sliding_window\":null"))).containsExactly(0, 0);
        assertThat(windows(with(mistral, "\"sliding_window\":9"))).containsExactly(9, 9);
        String gemma2 = with(family("gemma2", "Gemma2ForCausalLM"), "\"num_key_value_heads\":2");
        assertThat(windows(gemma2)).containsExactly(4096, 0);
        String gemma3 = with(family("gemma3_text", "Gemma3ForCausalLM"), "\"num_key_value_heads\":2");
        assertThat(windows(gemma3)).containsExactly(4096, 4096);
        assertThat(windows(with(gemma3, "\"sliding_window_pattern\":2,\"sliding_window\":5"))).containsExactly(5, 0);
        assertThat(windows(family("phi3", "Phi3ForCausalLM"))).containsExactly(0, 0);
        assertThat(windows(with(family("phi3", "Phi3ForCausalLM"), "\"sliding_window\":3"))).containsExactly(3, 3);
    }

    @Test
    void readConfig_gemmaCaps_absentAreDefaults_nullAreNone() throws IOException {
        String gemma2 = with(family("gemma2", "Gemma2ForCausalLM"), "\"num_key_value_heads\":2");
        ModelConfig absent = read(write(gemma2));
        assertThat(absent.attention().scoreSoftCap()).isEqualTo(50);
        assertThat(absent.head().softCap()).isEqualTo(30);
        assertThat(absent.headDim()).isEqualTo(256);
        assertThat(absent.layer(0).scoreScale()).isEqualTo(0.0625f);
        assertThat(absent.norm().weightOffset()).isEqualTo(1);
        ModelConfig none = read(write(with(gemma2,
                "\"attn_logit_softcapping\":null,\"final_logit_softcapping\":null,\"query_pre_attn_scalar\":4")));
        assertThat(none.attention().scoreSoftCap()).isZero();
        assertThat(none.head().softCap()).isZero();
        assertThat(none.layer(0).scoreScale()).isEqualTo(0.5f);
    }

    @Test
    void readConfig_rotaryVariants_areRead() throws IOException {
        assertThat(scaling("\"rope_type\":\"yarn\",\"factor\":8,\"original_max_position_embeddings\":64"))
                .isEqualTo(new YarnRope(8, 0.1 * Math.log(8) + 1, 1, new YarnRope.Ramp(32, 1, true), 64));
        assertThat(scaling(
                "\"rope_type\":\"yarn\",\"factor\":8,\"attention_factor\":1.5,\"beta_fast\":9,\"truncate\":false"))
                .isEqualTo(new YarnRope(8, 1.5, 1, new YarnRope.Ramp(9, 1, false), 2048));
        assertThat(scaling("\"rope_type\":\"dynamic\",\"factor\":3")).isEqualTo(new DynamicNtkRope(3, 2048));
        assertThat(scaling("\"rope_type\":\"longrope\",\"short_factor\":[1,2],\"long_factor\":[3,4],\"factor\":2,"
                + "\"original_max_position_embeddings\":16"))
                .isEqualTo(new LongRope(List.of(1.0, 2.0), List.of(3.0, 4.0), Math.sqrt(1 + 1 / 4.0), 16));
        assertThat(scaling("\"rope_type\":\"llama3\",\"factor\":8,\"low_freq_factor\":1,\"high_freq_factor\":4"))
                .isEqualTo(new Llama3Rope(8, 1, 4, 2048));
    }

    private RopeScaling scaling(String settings) throws IOException {
        String llama = with(LLAMA, "\"head_dim\":4,\"rope_scaling\":{" + settings + "}");
        return Objects.requireNonNull(read(write(llama)).layer(0).rotary()).scaling();
    }

    @Test
    void readConfig_bloom_spellsSizesInTwoWays() throws IOException {
        String bloom = """
                {"model_type":"bloom","architectures":["BloomForCausalLM"],"vocab_size":20,"n_layer":2,
                 "n_embed":12,"num_attention_heads":3,"seq_length":99}""";
        ModelConfig config = read(write(bloom));
        assertThat(config.attention()).isEqualTo(AttentionConfig.of(3, 3, 4).withBiases(true, true)
                .withAlibi(AlibiSlopes.ofLowerPower(3)));
        assertThat(config.ffnSize()).isEqualTo(48);
        assertThat(config.maxSeqLen()).isEqualTo(99);
        refused(write(with(bloom, "\"hidden_size\":15")), "hidden_size: 15, but n_embed is 12");
    }

    @Test
    void readConfig_neoxAndNeo_areRead() throws IOException {
        String neox = family("gpt_neox", "GPTNeoXForCausalLM");
        ModelConfig config = read(write(with(neox, "\"hidden_size\":48")));
        assertThat(config.parallelResidual()).isTrue();
        assertThat(config.layer(0).rotary()).isEqualTo(new RopeConfig(2, 10000, new DefaultRope()));
        assertThat(read(write(with(neox, "\"rotary_pct\":1,\"use_parallel_residual\":false"))).parallelResidual())
                .isFalse();
        refused(write(with(neox, "\"rotary_pct\":0.5")), "rotary_pct: 1 of 2 dimensions, must be even");
        String neo =
                """
                {"model_type":"gpt_neo","architectures":["GPTNeoForCausalLM"],"vocab_size":20,"hidden_size":12,
                 "num_heads":3,"num_layers":3,"attention_types":[[["global","local"],1],[["local"],1]],"window_size":5}""";
        ModelConfig local = read(write(neo));
        assertThat(local.layers()).extracting(LayerConfig::window).containsExactly(0, 5, 5);
        assertThat(local.layers()).noneMatch(LayerConfig::forgets);
        assertThat(local.layer(0).scoreScale()).isEqualTo(1);
        refused(write(with(neo, "\"num_layers\":4")), "must be global or local for each layer of num_layers");
        refused(write(with(neo, "\"num_layers\":2")), "attention_types: 3 layers, num_layers is 2");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            qwen2 | Qwen2ForCausalLM | "num_key_value_heads":2,"layer_types":["sliding_attention","full_attention"] | layer_types: has sliding_attention, but use_sliding_window is false
            qwen2 | Qwen2ForCausalLM | "num_key_value_heads":2,"layer_types":["full_attention"] | layer_types: 1 layers, num_hidden_layers is 2
            qwen3 | Qwen3ForCausalLM | "num_key_value_heads":2,"layer_types":["linear","full_attention"] | layer_types: "linear", known are [full_attention, sliding_attention]
            qwen2 | Qwen2ForCausalLM | "hidden_act":"silu" | num_attention_heads: 6, must be a multiple of num_key_value_heads 32
            gemma2 | Gemma2ForCausalLM | "num_key_value_heads":2,"use_bidirectional_attention":true | use_bidirectional_attention: true, this key is not known
            gemma3_text | Gemma3ForCausalLM | "num_key_value_heads":2,"rope_parameters":{"rope_theta":5} | rope_parameters.rope_theta: 5, this key is not known
            gemma3_text | Gemma3ForCausalLM | "num_key_value_heads":2,"rope_parameters":{"rope_type":"linear"} | rope_parameters.rope_type: "linear", must be said of a kind of layer
            phi3 | Phi3ForCausalLM | "rope_scaling":{"type":"su","short_factor":[1,1],"long_factor":[1]} | rope_scaling.short_factor: 2 numbers, must be 1
            olmo2 | Olmo2ForCausalLM | "rope_scaling":{"type":"linear","factor":2},"rope_parameters":{"rope_theta":5} | rope_scaling: stands beside rope_parameters
            olmo2 | Olmo2ForCausalLM | "clip_qkv":8 | clip_qkv: 8, this key is not known
            deepseek_v2 | DeepseekV2ForCausalLM | "num_key_value_heads":2 | num_key_value_heads: 2, with latent attention it must be num_attention_heads 6
            deepseek_v2 | DeepseekV2ForCausalLM | "norm_topk_prob":true | norm_topk_prob: true, but weights of DeepSeek V2 are not normalized
            deepseek_v2 | DeepseekV2ForCausalLM | "topk_method":"noaux_tc" | topk_method: "noaux_tc", known are [greedy, group_limited_greedy]
            deepseek_v3 | DeepseekV3ForCausalLM | "scoring_func":"softmax" | scoring_func: "softmax", known are [sigmoid]
            deepseek_v3 | DeepseekV3ForCausalLM | "head_dim":12 | head_dim: 12, but qk_rope_head_dim is 64
            deepseek_v3 | DeepseekV3ForCausalLM | "qk_head_dim":12 | qk_head_dim: 12, but qk_nope_head_dim + qk_rope_head_dim is 192
            deepseek_v3 | DeepseekV3ForCausalLM | "num_key_value_heads":6,"mlp_bias":true | mlp_bias: true, this key is not known
            phi | PhiForCausalLM | "partial_rotary_factor":1.0,"rotary_dim":7 | rotary_dim: 7, but partial_rotary_factor makes it 2
            qwen3_moe | Qwen3MoeForCausalLM | "num_key_value_heads":2,"shared_expert_intermediate_size":8 | shared_expert_intermediate_size: 8, qwen3_moe has no shared expert
            qwen3_moe | Qwen3MoeForCausalLM | "num_key_value_heads":2,"use_qk_norm":false | use_qk_norm: false, qwen3_moe always has norms of heads
            longcat_flash | LongcatFlashForCausalLM | "num_layers":1,"q_lora_rank":null | q_lora_rank: null, but queries are scaled by it
            longcat_flash | LongcatFlashForCausalLM | "num_layers":1,"mla_scale_kv_lora":false | mla_scale_kv_lora: false, but transformers scales latents in any case
            longcat_flash | LongcatFlashForCausalLM | "num_layers":1,"zero_expert_type":"zero" | zero_expert_type: "zero", known are [identity]
            longcat_flash | LongcatFlashForCausalLM | "num_layers":1,"norm_topk_prob":true | norm_topk_prob: true, but weights of LongCat-Flash are not normalized
            """)
    void readConfig_wrongDescendants_areRefusedByName(String type, String architecture, String keys, String problem)
            throws IOException {
        refused(write(with(family(type, architecture), keys)), problem);
    }

    @Test
    void readConfig_allowedKeys_areLetPass() throws IOException {
        Path file = write(with(LLAMA, "\"mystery\":1,\"rope_scaling\":{\"type\":\"linear\",\"factor\":2,\"betas\":3}"));
        JsonObject json = JsonFile.read(file).allowing(Set.of("mystery", "rope_scaling.betas"));
        assertThat(Families.of(json).readConfig(json).architecture()).isEqualTo("llama");
        refused(file, "betas: 3, this key is not known");
    }

    private static String family(String modelType, String architecture) {
        return LLAMA.replace("llama", modelType).replace("LlamaForCausalLM", architecture);
    }

    private List<Integer> windows(String json) throws IOException {
        return read(write(json)).layers().stream().map(LayerConfig::window).toList();
    }

    @Test
    void readConfig_architectureOrTypeAlone_isEnough() throws IOException {
        assertThat(read(write(with(LLAMA, "\"model_type\":null"))).architecture()).isEqualTo("llama");
        assertThat(read(write(with(LLAMA, "\"architectures\":null"))).architecture()).isEqualTo("llama");
    }

    private static void refused(Path file, String problem) {
        assertThatThrownBy(() -> read(file)).isInstanceOf(ModelFormatException.class)
                .hasMessageStartingWith(file + ": ").hasMessageContaining(problem);
    }

    private static ModelConfig read(Path file) throws IOException {
        JsonObject json = JsonFile.read(file);
        return Families.of(json).readConfig(json);
    }

    /** The JSON with these keys in place of its own. */
    private static String with(String json, String keys) {
        ObjectNode merged = (ObjectNode) MAPPER.readTree(json);
        merged.setAll((ObjectNode) MAPPER.readTree("{" + keys + "}"));
        return merged.toString();
    }

    private Path write(String json) throws IOException {
        return Files.writeString(folder.resolve("config.json"), json);
    }
}
