package io.github.pastkv.tests.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.generation.Generation;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.testkit.golden.Closeness;
import io.github.pastkv.testkit.model.KernelsUnderTest;
import io.github.pastkv.testkit.reference.GgufCase;
import java.io.IOException;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Logits and generations of GGUF files against transformers in double precision over the dequantized weights. */
class GgufGoldenTest {
    private static Stream<String> floatCases() {
        return Stream.of("falcon_f32", "gemma2_46_layers_f16", "gemma2_f16", "gemma3_f16", "gpt2_f16", "gpt_neox_f16",
                "gpt_oss_f32", "gpt_oss_mxfp4", "llama3_rope_tied_f16", "llama_bf16", "llama_biases_f16", "llama_f32",
                "mistral_f16", "mixtral_f32", "mixtral_q4_0", "olmo2_bf16", "phi3_f16", "phi3_longrope_f16",
                "qwen2_f16", "qwen3_f16", "qwen3moe_f16", "starcoder2_f16", "stories_q4_0_split");
    }

    private static Stream<String> blockCases() {
        return Stream.of("narrow_q4_0", "narrow_q4_1", "narrow_q5_0", "narrow_q5_1", "narrow_q8_0", "narrow_iq4_nl",
                "narrow_mxfp4", "preset_q2_k", "preset_q4_k_m", "preset_iq4_xs", "wide_q2_k", "wide_q4_k");
    }

    /** Architectures on one set of kernels, block formats on all. */
    static Stream<Arguments> cases() {
        return Stream.concat(floatCases().map(name -> Arguments.of(GgufCase.of(name), "vector")),
                blockCases().flatMap(name -> KernelsUnderTest.names().stream()
                        .map(kernels -> Arguments.of(GgufCase.of(name), kernels))));
    }

    @Tag("kernels")
    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("cases")
    void prompt_givesGoldenLogits(GgufCase gguf, String kernels) throws IOException {
        try (Model model = load(gguf, kernels); Session session = model.newSession()) {
            Closeness.requireClose("logits", session.append(gguf.tokens()), gguf.logits());
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource({"floatCases", "blockCases"})
    void generate_givesGoldenTokens(String name) throws IOException {
        GgufCase gguf = GgufCase.of(name);
        int[] greedy = gguf.greedy();
        try (Model model = load(gguf, "vector"); Session session = model.newSession()) {
            Generation generation = session.generate(new int[][] {gguf.tokens()},
                    GenerationOptions.greedy(greedy.length), GenerationListener.NONE);
            assertThat(generation.rows().getFirst().tokenIds()).isEqualTo(Arrays.stream(greedy).boxed().toList());
        }
    }

    private static Model load(GgufCase gguf, String kernels) throws IOException {
        return Model.load(gguf.file(), ModelOptions.defaults().withKernels(kernels));
    }
}
