package io.github.pastkv.cli.io;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Files that commands write. */
public final class OutFile {
    private OutFile() {}

    /** Refuses a file that could not be written, before the work rather than after it. */
    public static void requireFolderOf(String option, Path file) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        if (Files.isDirectory(file) || folder == null) {
            throw new IOException(option + ": " + file + " is a folder");
        }
        if (!Files.isDirectory(folder)) {
            throw new IOException(option + ": there is no folder " + folder);
        }
    }

    /** The same, and refuses a file or folder that may not be written to. Creates nothing. */
    public static void requireWritable(String option, Path file) throws IOException {
        requireFolderOf(option, file);
        Path place = Files.exists(file) ? file : file.toAbsolutePath().getParent();
        if (place == null || !Files.isWritable(place)) {
            throw new IOException(option + ": " + file + " may not be written");
        }
    }

    /** Writes a file whole or not at all: what was there before stays until the new one is complete. */
    public static void write(Path file, String text) throws IOException {
        if (Files.exists(file) && !Files.isRegularFile(file)) { // a pipe or a device
            Files.writeString(file, text);
            return;
        }
        Path target = Files.exists(file) ? file.toRealPath() : file.toAbsolutePath();
        Path part = target.resolveSibling(target.getFileName() + ".part");
        try {
            Files.writeString(part, text);
            Files.move(part, target, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            Files.deleteIfExists(part);
            throw e;
        }
    }
}
