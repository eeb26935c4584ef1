package io.github.pastkv.model.families;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.model.TestFiles;
import io.github.pastkv.model.config.GenerationConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.files.JsonFile;
import io.github.pastkv.model.files.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The configurations of well-known checkpoints are read without {@code --allow-config}. */
class PublishedConfigsTest {
    static Stream<Arguments> checkpoints() throws IOException {
        List<Arguments> checkpoints = new ArrayList<>();
        try (Stream<Path> files = Files.list(TestFiles.resource("published"))) {
            for (Path file : files.filter(path -> path.toString().endsWith(".jsonl")).sorted().toList()) {
                for (JsonObject line : JsonFile.readLines(file)) {
                    checkpoints.add(Arguments.of(line.requireString("checkpoint"), line));
                }
            }
        }
        return checkpoints.stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("checkpoints")
    void config_isRead(String checkpoint, JsonObject line) throws IOException {
        JsonObject json = line.requireObject("config");
        ModelConfig config = Families.of(json).readConfig(json);
        assertThat(config.numLayers()).as(checkpoint).isPositive();
        if (line.has("generation_config")) {
            assertThat(GenerationConfig.read(line.requireObject("generation_config"), config).unapplied()).isEmpty();
        }
    }
}
