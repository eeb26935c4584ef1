package io.github.pastkv.serve.batch;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The file that collects answers, held by one run of one process. Locks of files are a process's own, and closing any
 * channel of a file gives them up, so there is never a second channel: a table of this process comes before the lock.
 */
record PartialFile(Path path, FileChannel channel) implements AutoCloseable {
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet(); // by this process

    /**
     * Opens the file, which is made if it is missing, and takes hold of it.
     *
     * @throws IOException when another run has it, naming {@code output}
     */
    static PartialFile open(Path output, Path path) throws IOException {
        Path key = path.toAbsolutePath().normalize();
        if (!HELD.add(key)) {
            throw new IOException(output + ": is being written by this process");
        }
        try {
            return new PartialFile(key, lock(output, key));
        } catch (IOException | RuntimeException | Error e) {
            HELD.remove(key);
            throw e;
        }
    }

    private static FileChannel lock(Path output, Path path) throws IOException {
        while (true) {
            FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.READ,
                    StandardOpenOption.WRITE);
            try {
                @Nullable Object before = key(path);
                if (channel.tryLock() == null) {
                    throw new IOException(output + ": is being written by another process");
                }
                if (before != null && before.equals(key(path))) {
                    return channel;
                }
            } catch (IOException | RuntimeException | Error e) {
                channel.close();
                throw e;
            }
            channel.close(); // another run removed the file in between: begin again with a new one
        }
    }

    /** What tells a file from another of its name; null if there is none. */
    private static @Nullable Object key(Path path) throws IOException {
        try {
            BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
            return Objects.requireNonNullElse(attributes.fileKey(), path);
        } catch (NoSuchFileException _) {
            return null;
        }
    }

    /** Gives the file up; it is removed if it is empty. */
    @Override
    public void close() throws IOException {
        try (channel) {
            if (channel.size() == 0) {
                Files.deleteIfExists(path); // while it is held, so that no other run has it
            }
        } finally {
            HELD.remove(path);
        }
    }
}
