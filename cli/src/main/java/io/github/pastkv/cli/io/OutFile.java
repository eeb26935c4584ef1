package io.github.pastkv.cli.io;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/** Files that commands write. */
public final class OutFile {
    private OutFile() {}

    /** Writes a whole file. */
    @FunctionalInterface
    public interface Content {
        void writeTo(Path file) throws IOException;
    }

    /** Refuses a file that could not be written, before the work rather than after it. Creates nothing. */
    public static void requireWritable(String option, Path file) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        if (Files.isDirectory(file) || folder == null) {
            throw new IOException(option + ": " + file + " is a folder");
        }
        if (!Files.isDirectory(folder)) {
            throw new IOException(option + ": there is no folder " + folder);
        }
        if (!Files.isWritable(Files.exists(file) ? file : folder)) {
            throw new IOException(option + ": " + file + " may not be written");
        }
    }

    /** Writes a text as {@link #write(Path, Content)} does. */
    public static void write(Path file, String text) throws IOException {
        write(file, part -> Files.writeString(part, text));
    }

    /**
     * Writes a file whole or not at all: what was there before stays until the new one is complete and on the disk. A
     * link stays a link; its target is replaced. A pipe or a device takes the bytes as they come.
     *
     * @throws IOException whose message names {@code file}
     */
    public static void write(Path file, Content content) throws IOException {
        try {
            if (Files.exists(file) && !Files.isRegularFile(file)) {
                copyTo(file, content);
            } else {
                replace(Files.exists(file) ? file.toRealPath() : file.toAbsolutePath(), content);
            }
        } catch (FileSystemException e) {
            String reason = e.getReason() == null ? ErrorReporter.describe(e) : e.getReason();
            throw new IOException(file + ": could not be written: " + reason, e);
        } catch (IOException e) {
            throw new IOException(file + ": could not be written: " + e.getMessage(), e);
        }
    }

    private static void replace(Path target, Content content) throws IOException {
        Path part = target.resolveSibling(partName(target));
        try {
            content.writeTo(part);
            force(part);
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    /** A full disk may show only here. */
    private static void force(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
    }

    private static void copyTo(Path device, Content content) throws IOException {
        Path folder = Files.createTempDirectory("pastkv-out");
        Path part = folder.resolve(partName(device));
        try {
            content.writeTo(part);
            try (var out = Files.newOutputStream(device, StandardOpenOption.WRITE)) {
                Files.copy(part, out);
            }
        } finally {
            Files.deleteIfExists(part);
            Files.delete(folder);
        }
    }

    /** Ends as the file's own name does, for writers that look at the ending. */
    private static String partName(Path file) {
        return "." + UUID.randomUUID() + "." + file.getFileName();
    }
}
