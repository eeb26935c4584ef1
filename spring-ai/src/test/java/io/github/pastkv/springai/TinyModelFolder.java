package io.github.pastkv.springai;

import io.github.pastkv.tinymodel.TinyModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** The folder of the bundled model, for all tests of a process. */
public final class TinyModelFolder {
    private static final Path FOLDER = unpack();

    private TinyModelFolder() {}

    public static Path path() {
        return FOLDER;
    }

    private static Path unpack() {
        try {
            Path folder = Files.createTempDirectory("pastkv-spring-ai-test").resolve("tiny");
            Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(folder.getParent())));
            TinyModel.unpackTo(folder);
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted((a, b) -> b.compareTo(a)).forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
