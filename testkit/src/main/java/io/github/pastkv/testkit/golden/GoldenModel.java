package io.github.pastkv.testkit.golden;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A small model with random weights and what Hugging Face transformers generates from a prompt: a case of
 * {@code golden/hf}.
 *
 * @param name its name
 * @param folder the model folder
 * @param tokens the prompt
 * @param greedy the greedy continuation of the prompt
 */
@SuppressWarnings("ArrayRecordComponent") // copied when read, never compared
public record GoldenModel(String name, Path folder, int[] tokens, int[] greedy) {
    /** The names of all golden models. */
    public static final List<String> NAMES = List.of("gpt2", "gpt2_bare_names", "gpt_neo", "gpt_neox",
            "gpt_neox_sequential", "opt", "bloom", "bloom_6heads", "llama", "llama3_rope_tied", "llama_bf16", "mistral",
            "qwen2", "qwen3", "gemma2", "gemma3_text", "phi3", "olmo2");
    /** The names of the golden models of further dense families. */
    public static final List<String> DENSE_NAMES = List.of("gptj", "codegen", "gemma", "phi", "stablelm",
            "stablelm_parallel_qknorm", "gpt_bigcode", "gpt_bigcode_mha", "starcoder2", "falcon", "falcon_alibi",
            "falcon_new_decoder", "cohere", "cohere_qk_norm", "cohere2", "granite", "smollm3", "glm", "glm4", "olmo",
            "olmo3", "exaone4", "ernie4_5", "hunyuan_v1_dense", "apertus", "nemotron", "seed_oss", "arcee", "helium",
            "mpt", "xglm", "biogpt");
    /** The names of the golden models of families with experts. */
    public static final List<String> EXPERT_NAMES =
            List.of("mixtral", "qwen2_moe", "qwen3_moe", "qwen3_moe_raw_probs", "olmoe", "granitemoe", "dots1",
                    "glm4_moe", "ernie4_5_moe", "phimoe", "gpt_oss", "gpt_oss_mxfp4", "llama4_text");
    /** The names of the golden models of families with latent attention, which have experts too. */
    public static final List<String> LATENT_NAMES =
            List.of("deepseek_v2", "deepseek_v2_lite", "deepseek_v3", "deepseek_v3_yarn", "longcat_flash");
    /**
     * Those that norm what their blocks add to the residual stream, so that it is no sum of what single heads add.
     */
    public static final Set<String> NORMED_BLOCK_NAMES =
            Set.of("gemma2", "gemma3_text", "olmo2", "olmo3", "glm4", "exaone4");
    /** Those with activations of TransformerLens, in {@code golden/tlens}. */
    public static final List<String> TLENS_NAMES = List.of("gpt2", "llama", "gpt_neox", "gemma2", "qwen3");

    /** The names of all golden models. */
    public static List<String> allNames() {
        return Stream.concat(NAMES.stream(), furtherNames().stream()).toList();
    }

    /** The names of the golden models of further dense families and of those with experts. */
    public static List<String> furtherNames() {
        return Stream.of(DENSE_NAMES, EXPERT_NAMES, LATENT_NAMES).flatMap(List::stream).toList();
    }

    /** Those of {@link #allNames} whose residual stream is the sum of what embeddings, heads and FFN blocks add. */
    public static List<String> additiveNames() {
        return allNames().stream().filter(name -> !NORMED_BLOCK_NAMES.contains(name)).toList();
    }

    /** Reads a golden model's case by name. */
    public static GoldenModel of(String name) {
        Path folder = GoldenFiles.path("hf/" + name);
        JsonNode json = JsonMapper.shared().readTree(folder.resolve("case.json").toFile());
        return new GoldenModel(name, folder, ints(json.required("tokens")), ints(json.required("greedy")));
    }

    private static int[] ints(JsonNode array) {
        return array.valueStream().mapToInt(JsonNode::asInt).toArray();
    }

    /** A copy of the prompt, {@code [T]}. */
    @Override
    public int[] tokens() {
        return tokens.clone();
    }

    /** A copy of the greedy continuation. */
    @Override
    public int[] greedy() {
        return greedy.clone();
    }

    @Override
    public String toString() {
        return name;
    }
}
