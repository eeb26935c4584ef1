package io.github.pastkv.cli.options;

import io.github.pastkv.tinymodel.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Where the shipped model is unpacked: the user's cache folder, or one for this process where there is none. */
public final class TinyModelFolder {
    private TinyModelFolder() {}

    /** The folder, holding the model. */
    public static Path require() throws IOException {
        return require(System.getenv(), System.getProperty("user.home", ""));
    }

    public static Path require(Map<String, String> environment, String userHome) throws IOException {
        String name = "tiny-" + TinyModel.digest();
        for (Path cache : caches(environment, userHome)) {
            Path folder = cache.resolve("pastkv").resolve(name);
            try {
                TinyModel.unpackTo(folder);
                return folder;
            } catch (IOException _) {
                // Not writable, or not there and not to be made: the next one.
            }
        }
        return forThisProcess();
    }

    private static List<Path> caches(Map<String, String> environment, String userHome) {
        List<Path> caches = new ArrayList<>();
        addIfAbsolute(caches, environment.get("XDG_CACHE_HOME"), "");
        addIfAbsolute(caches, environment.get("HOME"), ".cache");
        addIfAbsolute(caches, userHome, ".cache");
        return caches;
    }

    private static void addIfAbsolute(List<Path> caches, @Nullable String folder, String inside) {
        if (folder != null && Path.of(folder).isAbsolute()) {
            caches.add(Path.of(folder).resolve(inside));
        }
    }

    private static Path forThisProcess() throws IOException {
        Path folder = Files.createTempDirectory("pastkv-tiny");
        folder.toFile().deleteOnExit();
        for (String fileName : TinyModel.fileNames()) {
            folder.resolve(fileName).toFile().deleteOnExit();
        }
        TinyModel.unpackTo(folder);
        return folder;
    }
}
