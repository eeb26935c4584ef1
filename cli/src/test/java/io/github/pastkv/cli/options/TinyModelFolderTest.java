package io.github.pastkv.cli.options;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.tinymodel.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TinyModelFolderTest {
    @TempDir Path temporary;

    @Test
    void require_takesTheFirstCacheFolderThatIsGiven() throws Exception {
        Path xdg = temporary.resolve("xdg");
        Path home = temporary.resolve("home");
        String name = "tiny-" + TinyModel.digest();
        assertThat(TinyModelFolder.require(Map.of("XDG_CACHE_HOME", xdg.toString(), "HOME", home.toString()), ""))
                .isEqualTo(xdg.resolve("pastkv").resolve(name));
        assertThat(TinyModelFolder.require(Map.of("HOME", home.toString()), "")).isEqualTo(
                home.resolve(".cache/pastkv").resolve(name));
        assertThat(TinyModelFolder.require(Map.of("XDG_CACHE_HOME", "relative"), home.toString()))
                .isEqualTo(home.resolve(".cache/pastkv").resolve(name));
    }

    @Test
    void require_withoutAUsableHome_takesAFolderOfItsOwn() throws Exception {
        Path file = Files.createFile(temporary.resolve("file"));
        for (Map<String, String> environment : List.of(Map.<String, String> of(), Map.of("HOME", file.toString()))) {
            Path folder = TinyModelFolder.require(environment, "?");
            assertThat(folder).startsWith(Path.of(System.getProperty("java.io.tmpdir")));
            assertComplete(folder);
        }
    }

    @Test
    void unpackTo_leavesWhatIsRight_andMendsWhatIsDamaged() throws Exception {
        TinyModel.unpackTo(temporary);
        assertComplete(temporary);
        Path config = temporary.resolve("config.json");
        Path weights = temporary.resolve("model.safetensors");
        FileTime old = FileTime.fromMillis(1_000_000);
        Files.setLastModifiedTime(config, old);
        byte[] bytes = Files.readAllBytes(weights);
        bytes[bytes.length / 2] ^= 1;
        Files.write(weights, bytes);
        Files.delete(temporary.resolve("tokenizer.json"));
        Files.writeString(temporary.resolve("generation_config.json"), "{");
        TinyModel.unpackTo(temporary);
        assertComplete(temporary);
        assertThat(Files.getLastModifiedTime(config)).isEqualTo(old);
    }

    @Test
    void unpackTo_atOnceFromManySides_isComplete() throws Exception {
        Path folder = temporary.resolve("shared");
        try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
            List<Future<?>> unpacked = IntStream.range(0, 8).<Future<?>> mapToObj(_ -> threads.submit(() -> {
                TinyModel.unpackTo(folder);
                assertComplete(folder);
                return null;
            })).toList();
            for (Future<?> each : unpacked) {
                each.get();
            }
        }
    }

    private static void assertComplete(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files.map(file -> file.getFileName().toString()).filter(name -> !name.endsWith(".tmp")))
                    .containsExactlyInAnyOrderElementsOf(TinyModel.fileNames());
        }
        for (String fileName : TinyModel.fileNames()) {
            assertThat(Files.readAllBytes(folder.resolve(fileName)))
                    .isEqualTo(TinyModel.class.getResourceAsStream(fileName).readAllBytes());
        }
    }
}
