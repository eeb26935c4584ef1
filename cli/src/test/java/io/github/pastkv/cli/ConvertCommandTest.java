package io.github.pastkv.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.model.files.SafetensorsFile;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConvertCommandTest {
    @TempDir private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "llama"})
    void converted_givesTheLogitsOfInt8Weights(String model) throws IOException {
        Path source = TestModels.folder(model);
        Path small = folder.resolve("small");
        CommandRun run = CommandRun.of("convert", "--model", source.toString(), "--weights", "int8", "--out",
                small.toString());
        assertThat(run).isEqualTo(new CommandRun(0, "", ""));
        byte[] fromSource = logits(source, model, "source", "--weights", "int8");
        assertThat(logits(small, model, "small")).isEqualTo(fromSource);
        assertThat(logits(source, model, "plain")).isNotEqualTo(fromSource);
        assertThat(CommandRun.of("inspect", "--model", small.toString()).out())
                .contains("stored as f32, linear layers as int8").contains("compute       f32 int8, threads");
    }

    private byte[] logits(Path model, String name, String fileName, String... more) throws IOException {
        Path file = folder.resolve(fileName + ".safetensors");
        List<String> args = new ArrayList<>(List.of("logits", "--model", model.toString(), "--tokens",
                TestModels.prompt(name), "--out", file.toString()));
        args.addAll(List.of(more));
        assertThat(CommandRun.of(args.toArray(String[]::new)).exitCode()).isZero();
        try (SafetensorsFile written = SafetensorsFile.open(file)) { // its metadata name the model
            return written.segment("logits").toArray(ValueLayout.JAVA_BYTE);
        }
    }

    @Test
    void folderThatIsThere_isRefused_beforeAnythingIsWritten() throws IOException {
        CommandRun run = CommandRun.of("convert", "--model", TestModels.folder("llama").toString(), "--weights", "int8",
                "--out", folder.toString());
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).isEqualTo("pastkv: " + folder + ": already exists, choose another folder\n");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void wrongUse_isRefused() {
        assertThat(CommandRun.of("convert", "--weights", "stored", "--out", folder.resolve("x").toString()).err())
                .contains("'stored', must be int8");
        assertThat(CommandRun.of("convert", "--weights", "int8").exitCode()).isEqualTo(2);
        assertThat(folder).isEmptyDirectory();
    }
}
