package io.github.pastkv.testkit.golden;

import java.nio.file.Files;
import java.nio.file.Path;

/** The golden files, in the folder {@code testkit/golden} of the working copy. */
public final class GoldenFiles {
    private static final Path ROOT = root();

    private GoldenFiles() {}

    /** A file or folder by its path below {@code testkit/golden}; an error if there is none. */
    public static Path path(String path) {
        Path found = ROOT.resolve(path);
        if (!Files.exists(found)) {
            throw new IllegalArgumentException("no golden file " + found);
        }
        return found;
    }

    private static Path root() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.isDirectory(folder.resolve("testkit/golden"))) {
            folder = folder.getParent();
            if (folder == null) {
                throw new IllegalStateException("no folder testkit/golden above " + Path.of("").toAbsolutePath());
            }
        }
        return folder.resolve("testkit/golden");
    }
}
