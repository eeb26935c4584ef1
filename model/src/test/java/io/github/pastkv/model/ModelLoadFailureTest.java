package io.github.pastkv.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.kernels.DelegatingKernels;
import io.github.pastkv.kernels.KernelsChoice;
import io.github.pastkv.kernels.LinearWeights;
import io.github.pastkv.kernels.weights.LinearPrecision;
import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.testkit.golden.GoldenModel;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model that fails to load, however late, leaves no thread and no mapped file behind. */
class ModelLoadFailureTest {
    private static final Path MAPS = Path.of("/proc/self/maps");

    @TempDir Path folder;
    private Set<Thread> threadsBefore;

    @BeforeEach
    void copyModel() throws IOException {
        for (String name : List.of("config.json", "model.safetensors")) {
            Files.copy(GoldenModel.of("llama").folder().resolve(name), folder.resolve(name));
        }
        threadsBefore = computeThreads();
    }

    private static Set<Thread> computeThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("pastkv-compute"))
                .collect(Collectors.toSet());
    }

    private boolean isMapped() throws IOException {
        return Files.exists(MAPS)
                && Files.readAllLines(MAPS).stream().anyMatch(line -> line.contains(folder.toString()));
    }

    private void assertNothingIsLeft() throws IOException {
        assertThat(isMapped()).isFalse();
        assertThat(computeThreads()).isSubsetOf(threadsBefore);
    }

    @Test
    void brokenTokenizer_isRefused_andAllIsClosed() throws IOException {
        try (Model model = Model.load(folder)) {
            assertThat(model.tokenizer()).isEmpty();
            assertThat(isMapped()).isEqualTo(Files.exists(MAPS)); // so that the test can see a mapping
        }
        for (String json : List.of("{", "{}", "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}}}")) {
            Files.writeString(folder.resolve("tokenizer.json"), json);
            assertThatThrownBy(() -> Model.load(folder)).isInstanceOf(ModelFormatException.class)
                    .hasMessageStartingWith(folder.resolve("tokenizer.json").toString());
            assertNothingIsLeft();
        }
    }

    @Test
    void memoryThatRunsOut_whilePacking_closesAll() throws IOException {
        KernelsChoice full = new KernelsChoice(new DelegatingKernels(KernelsChoice.choose(null).kernels()) {
            @Override
            public LinearWeights pack(List<WeightMatrix> parts, LinearPrecision precision, Arena arena) {
                throw new OutOfMemoryError("told to fail");
            }
        }, "fails");
        assertThatThrownBy(() -> Model.load(folder, ModelOptions.defaults(), full))
                .isInstanceOf(OutOfMemoryError.class);
        assertNothingIsLeft();
    }
}
