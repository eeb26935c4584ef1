package io.github.pastkv.cli.show;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cli.CommandRun;
import io.github.pastkv.cli.TestModels;
import io.github.pastkv.model.files.SafetensorsFile;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ActivationsCommandTest {
    private static final Offset<Float> TOLERANCE = Offset.offset(2e-4f);
    private static final Set<String> NOT_HOOKS = Set.of("tokens", "logits", "loss", "loss_per_token");

    @TempDir private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"llama", "gpt2"})
    void allNames_areThoseOfTransformerLensAndItsNumbers(String model) throws Exception {
        Path out = write(model, "--names", "*");
        try (SafetensorsFile golden = golden(model, "activations");
                SafetensorsFile actual = SafetensorsFile.open(out)) {
            Set<String> expected = new HashSet<>(golden.names());
            expected.removeAll(NOT_HOOKS);
            assertThat(new HashSet<>(actual.names())).isEqualTo(expected);
            for (String name : expected) {
                requireClose(actual, golden, name);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "gpt2"})
    void optIn_addsThoseThatAreOffByDefault(String model) throws Exception {
        Path out = write(model, "--names", "*", "--opt-in");
        try (SafetensorsFile golden = golden(model, "activations_optin");
                SafetensorsFile standard = golden(model, "activations");
                SafetensorsFile actual = SafetensorsFile.open(out)) {
            Set<String> expected = new HashSet<>(golden.names());
            expected.addAll(standard.names());
            expected.removeAll(NOT_HOOKS);
            assertThat(new HashSet<>(actual.names())).isEqualTo(expected);
            for (String name : golden.names()) {
                if (!name.equals("hook_tokens")) {
                    requireClose(actual, golden, name);
                }
            }
        }
    }

    @Test
    void namesShorthandsAndPatterns_areTakenTogether() throws Exception {
        Path out = write("gpt2", "--names", "k0,blocks.*.attn.hook_pattern,hook_embed,blocks.1.hook_mlp_in");
        try (SafetensorsFile actual = SafetensorsFile.open(out)) {
            assertThat(List.copyOf(actual.names())).containsExactlyInAnyOrder("blocks.0.attn.hook_k",
                    "blocks.0.attn.hook_pattern", "blocks.1.attn.hook_pattern", "blocks.2.attn.hook_pattern",
                    "blocks.3.attn.hook_pattern", "hook_embed", "blocks.1.hook_mlp_in");
            assertThat(actual.entry("hook_embed").dtype()).isEqualTo("F32");
        }
    }

    @Test
    void textOfTheShippedModel_isRun() throws Exception {
        Path out = folder.resolve("a.safetensors");
        CommandRun run = CommandRun.of("activations", "Mary and John", "--names", "attn0", "--out",
                out.toString());
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).startsWith("1 activations of ");
        try (SafetensorsFile file = SafetensorsFile.open(out)) {
            assertThat(file.metadata()).containsEntry("prompt", "Mary and John").containsEntry("model", "tiny")
                    .containsKeys("tokens", "arithmetic");
        }
    }

    @Test
    void wrongNames_areRefusedByName() {
        CommandRun run = run("gpt2", "--names", "blocks.9.hook_z", "--out", folder.resolve("a").toString());
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains("'blocks.9.hook_z'").hasLineCount(1);
        assertThat(run("gpt2", "--names", "blocks.*.attn.hook_rot_q", "--out", folder.resolve("a").toString()).err())
                .contains("'blocks.*.attn.hook_rot_q' names no hook of this gpt2 with ");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void hooksOfAModel_areListedWithShapes() {
        String out = CommandRun.of("inspect", "--hooks", "--model", TestModels.folder("llama").toString()).out();
        assertThat(out).containsPattern("(?m)^blocks.3.attn.hook_rot_k +\\[B, P\\+N, 2, 8\\]$")
                .containsPattern("(?m)^blocks.0.hook_q_input +\\[B, N, 6, 48\\] +opt-in$")
                .containsPattern("(?m)^hook_embed +\\[B, N, 48\\]$").doesNotContain("hook_pos_embed");
    }

    private CommandRun run(String model, String... args) {
        String[] all = new String[args.length + 5];
        try {
            System.arraycopy(new String[] {"activations", "--model", TestModels.folder(model).toString(), "--tokens",
                TestModels.join(golden(model, "activations").longs("tokens"))}, 0, all, 0, 5);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        System.arraycopy(args, 0, all, 5, args.length);
        return CommandRun.of(all);
    }

    private Path write(String model, String... args) {
        Path out = folder.resolve("out.safetensors");
        String[] all = new String[args.length + 2];
        System.arraycopy(args, 0, all, 0, args.length);
        all[args.length] = "--out";
        all[args.length + 1] = out.toString();
        CommandRun run = run(model, all);
        assertThat(run.exitCode()).as(run.err()).isZero();
        return out;
    }

    private static SafetensorsFile golden(String model, String name) throws java.io.IOException {
        return SafetensorsFile.open(TestModels.folder(model).resolve(name + ".safetensors"));
    }

    private static void requireClose(SafetensorsFile actual, SafetensorsFile golden, String name) throws Exception {
        assertThat(actual.entry(name).shape()).as(name).isEqualTo(golden.entry(name).shape());
        float[] numbers = actual.tensor(name).toFloatArray();
        float[] expected = golden.tensor(name).toFloatArray();
        for (int i = 0; i < expected.length; i++) {
            if (Float.isInfinite(expected[i])) {
                assertThat(numbers[i]).as(name).isEqualTo(expected[i]);
            } else {
                assertThat(numbers[i]).as(name).isCloseTo(expected[i], TOLERANCE);
            }
        }
    }
}
