package io.github.pastkv.cli;

import io.github.pastkv.model.files.SafetensorsFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;

/** Small model folders with numbers that Hugging Face's own library made. They have no tokenizer. */
public final class TestModels {
    private TestModels() {}

    /** A folder among the test resources. */
    public static Path folder(String name) {
        try {
            return Path.of(TestModels.class.getResource("/models/" + name + "/config.json").toURI()).getParent();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    public static SafetensorsFile expected(String name) {
        try {
            return SafetensorsFile.open(folder(name).resolve("expected.safetensors"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Integers as an option takes them. */
    public static String join(long[] numbers) {
        return Arrays.stream(numbers).mapToObj(String::valueOf).collect(Collectors.joining(","));
    }

    public static String prompt(String name) throws IOException {
        try (SafetensorsFile expected = expected(name)) {
            return join(expected.longs("tokens"));
        }
    }

    /** A copy of a folder with another generation_config.json. */
    public static Path withGenerationConfig(String name, Path target, String json) throws IOException {
        for (String file : new String[] {"config.json", "model.safetensors"}) {
            Files.copy(folder(name).resolve(file), target.resolve(file));
        }
        Files.writeString(target.resolve("generation_config.json"), json);
        return target;
    }
}
