package io.github.pastkv.cli.show;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cli.CommandRun;
import io.github.pastkv.cli.TestModels;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class InspectCommandTest {
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
