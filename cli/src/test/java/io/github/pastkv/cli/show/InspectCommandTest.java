package io.github.pastkv.cli.show;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cli.CommandRun;
import io.github.pastkv.cli.TestModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

class InspectCommandTest {
    /** The golden models of all families, beside this module. */
    private static final Path GOLDEN = Path.of("..", "testkit", "golden", "hf");

    @Test
    void shippedModel_isDescribed() {
        CommandRun run = CommandRun.of("inspect");
        assertThat(run.exitCode()).isZero();
        assertThat(run.err()).isEmpty();
        assertThat(run.out()).contains("tiny, ships with PastKV; in ").contains("architecture  llama: ")
                .contains("parameters ").contains("stored as bf16").contains("tokenizer     tokenizer.json")
                .contains("kernels  ").contains("cache         bytes/token      1,024 tok      8,192 tok ");
    }

    @Test
    void llama_isDescribedByItsNumbers() {
        String out = CommandRun.of("inspect", "--model", TestModels.folder("llama").toString(), "--kernels", "scalar",
                "--threads", "3").out();
        assertThat(out).contains("llama: 4 layers of width 48, feed-forward 70 (silu, gated)")
                .contains("6 query heads over 2 key/value heads of 8").contains("rotary, theta 3,000\n")
                .contains("109 tokens, head of its own").contains("96 tokens").contains("stored as f32")
                .contains("none; takes token ids only").contains("greedy; ends at token 2")
                .contains("kernels       scalar: requested").contains("f32, threads: 3");
        // 4 layers, keys and values, 2 heads of 8: 128 numbers
        assertThat(out).containsPattern("\n  f32 +512 +512\\.0 KiB +4\\.0 MiB +48\\.0 KiB\n")
                .containsPattern("\n  bf16 +256 +256\\.0 KiB +2\\.0 MiB +24\\.0 KiB\n")
                .contains("8.0 GiB, room for 16,777,216 tokens of f32");
    }

    @Test
    void cacheOptions_changeTheNumbers() {
        String out = CommandRun.of("inspect", "--model", TestModels.folder("llama").toString(), "--cache-limit", "1m",
                "--kv-type", "f16", "--block-size", "80").out();
        // 96 tokens take two blocks of 80
        assertThat(out).containsPattern("\n  f32 .* 80\\.0 KiB\n").contains("1.0 MiB, room for 4,080 tokens of f16");
    }

    @Test
    void everyFamily_isDescribedByWhatSetsItApart() {
        assertThat(inspect("gemma2"))
                .contains("4 query heads over 2 key/value heads of 10, windows of 6 tokens in 3 layers, "
                        + "scores capped at 4.0")
                .contains("head tied to the embedding, logits capped at 6.0");
        assertThat(inspect("gemma3_text")).contains("windows of 5 tokens in 4 layers")
                .contains("rotary, theta 300; rotary, theta 20,000");
        assertThat(inspect("gpt_neox")).contains("(gelu), both blocks side by side")
                .contains("rotary of 4 dimensions, theta 5,000");
        assertThat(inspect("bloom_6heads")).contains("positions     ALiBi");
        assertThat(inspect("opt")).contains("(relu)").contains("positions     learned");
    }

    @Test
    void everyGoldenModel_isDescribed() throws IOException {
        List<Path> folders;
        try (Stream<Path> all = Files.list(GOLDEN)) {
            folders = all.filter(folder -> Files.exists(folder.resolve("config.json"))).sorted().toList();
        }
        assertThat(folders).hasSizeGreaterThan(40);
        for (Path folder : folders) {
            CommandRun run = CommandRun.of("inspect", "--kernels", "scalar", "--model", folder.toString());
            assertThat(run.exitCode()).as(run.err()).isZero();
            String type = JsonMapper.shared().readTree(folder.resolve("config.json").toFile()).required("model_type")
                    .asString();
            assertThat(run.out()).contains("architecture  " + type + ": ");
        }
    }

    @Test
    void denseFamilies_areDescribedByWhatSetsThemApart() {
        assertThat(golden("granite")).contains("blocks times 0.35").contains("embeddings times 3.0")
                .contains("logits times 0.2");
        assertThat(golden("cohere2")).contains("interleaved rotary, theta 1,500; none in 1 layers")
                .contains("both blocks side by side").contains("windows of 6 tokens in 3 layers");
        assertThat(golden("apertus")).contains("(xielu)").contains("norms of each head");
        assertThat(golden("olmo")).contains("queries, keys and values capped at 1.2");
        assertThat(golden("hunyuan_v1_dense")).contains("norms of each head after RoPE");
        assertThat(golden("stablelm_parallel_qknorm")).contains("norms of each head with weights of its own");
        assertThat(golden("gpt_bigcode")).contains("6 query heads over 1 key/value heads of 7");
    }

    @Test
    void experts_areDescribed_withTheParametersThatATokenTakes() {
        assertThat(golden("qwen2_moe"))
                .contains("feed-forward 38 (silu, gated), 3 of 7 experts of width 12 (silu, gated) "
                        + "in 2 layers, shared expert of width 18")
                .contains("39,456, of which a token takes 30,240");
        assertThat(golden("gpt_oss_mxfp4")).contains("2 layers of width 32, 2 of 4 experts of width 64 (clamped swiglu")
                .contains("an attention sink for each head").contains("experts: integers with scales of groups");
        assertThat(golden("llama4_text")).contains("chunks of 8 tokens in 3 layers")
                .contains("norms of each head without weights after RoPE").contains("queries that grow with");
    }

    private static String golden(String name) {
        return CommandRun.of("inspect", "--model", GOLDEN.resolve(name).toString()).out();
    }

    private static String inspect(String model) {
        return CommandRun.of("inspect", "--model", TestModels.folder(model).toString()).out();
    }

    /** The shipped model stores bf16. */
    @Test
    void linearLayers_areSaidToRunAsTheyDo() {
        assertThat(linearLayers("--kernels", "scalar"))
                .isEqualTo("linear layers bf16 weights, f32 inputs and sums, in scalar");
        assertThat(linearLayers("--kernels", "scalar", "--compute", "bf16", "--weights", "int8"))
                .isEqualTo("linear layers int8 weights made of bf16, bf16 inputs, f32 sums, in scalar");
        // oneDNN would have to widen bf16 weights, so other kernels multiply them with f32.
        assertThat(linearLayers("--compute", "f32")).startsWith("linear layers bf16 weights, f32 inputs and sums, in ")
                .doesNotContain("onednn");
    }

    private static String linearLayers(String... options) {
        List<String> arguments = new ArrayList<>(List.of("inspect"));
        arguments.addAll(List.of(options));
        return CommandRun.of(arguments.toArray(String[]::new)).out().lines()
                .filter(line -> line.startsWith("linear layers")).findFirst().orElseThrow();
    }

    @Test
    void gpt2_isDescribedByItsNumbers() {
        String out = CommandRun.of("inspect", "--model", TestModels.folder("gpt2").toString()).out();
        assertThat(out).contains("gpt2: ").contains("positions     learned").contains("head tied to the embedding");
    }
}
