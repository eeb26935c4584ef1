package io.github.pastkv.store;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What a {@link FileTier} asks of the file system, one call each; tests stand in for it with one that fails. */
class FolderIo {
    private static final FileAttribute<?>[] PRIVATE_FILE = attributes("rw-------");
    private static final FileAttribute<?>[] PRIVATE_FOLDER = attributes("rwx------");

    private static final long MAX_READ_BYTES = 1L << 30; // of one buffer

    private static FileAttribute<?>[] attributes(String permissions) {
        return Path.of("").getFileSystem().supportedFileAttributeViews().contains("posix")
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))}
                : new FileAttribute<?>[0];
    }

    /** Makes a folder and those above it; whether it was not there. */
    boolean makeFolder(Path folder) throws IOException {
        if (Files.isDirectory(folder)) {
            return false;
        }
        try {
            Files.createDirectories(folder, PRIVATE_FOLDER);
            return true;
        } catch (FileAlreadyExistsException e) {
            throw new IOException(folder + " is not a folder", e);
        }
    }

    /** Opens a small file for reading and writing, and makes it where it is not there. */
    FileChannel openShared(Path file) throws IOException {
        return FileChannel.open(file,
                Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE), PRIVATE_FILE);
    }

    /** The lock of a file, or null while another process has it. */
    @Nullable
    FileLock tryLock(FileChannel channel) throws IOException {
        return channel.tryLock();
    }

    void writeLongs(FileChannel channel, long... values) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Long.BYTES);
        for (long value : values) {
            bytes.putLong(value);
        }
        bytes.flip();
        while (bytes.hasRemaining()) {
            channel.write(bytes, bytes.position());
        }
    }

    /** The first numbers of a file; zeros beyond its end. */
    long[] readLongs(FileChannel channel, int count) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(count * Long.BYTES);
        int numRead = 0;
        while (numRead >= 0 && bytes.hasRemaining()) {
            numRead = channel.read(bytes, bytes.position());
        }
        bytes.position(0);
        long[] values = new long[count];
        for (int i = 0; i < count; i++) {
            values[i] = bytes.getLong();
        }
        return values;
    }

    /** Writes a new file, and waits until it is on the disk. */
    void write(Path file, List<MemorySegment> content) throws IOException {
        try (FileChannel channel = FileChannel.open(file,
                Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW), PRIVATE_FILE)) {
            ByteBuffer[] buffers = content.stream().map(MemorySegment::asByteBuffer).toArray(ByteBuffer[]::new);
            long left = content.stream().mapToLong(MemorySegment::byteSize).sum();
            while (left > 0) {
                left -= channel.write(buffers);
            }
            channel.force(true);
        }
    }

    /** Writes a file whole or not at all: what was there before stays until the new one is on the disk. */
    void replace(Path file, List<MemorySegment> content) throws IOException {
        Path target = file.toAbsolutePath();
        Path temporary = target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".tmp");
        try {
            write(temporary, content);
            move(temporary, target);
        } finally {
            delete(temporary);
        }
        Path folder = target.getParent();
        if (folder != null) {
            syncFolder(folder);
        }
    }

    void move(Path from, Path to) throws IOException {
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Waits until the names in a folder are on the disk, where the system can. */
    void syncFolder(Path folder) throws IOException {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            if (System.getProperty("os.name", "").startsWith("Windows")) {
                return; // folders cannot be opened there
            }
            throw e;
        }
    }

    boolean delete(Path file) throws IOException {
        return Files.deleteIfExists(file);
    }

    /** Bytes of a file, or -1 where it is not there. */
    long size(Path file) throws IOException {
        try {
            return Files.size(file);
        } catch (NoSuchFileException | FileNotFoundException e) {
            return -1;
        }
    }

    Instant lastUsed(Path file) throws IOException {
        return Files.getLastModifiedTime(file).toInstant();
    }

    void setLastUsed(Path file, Instant time) throws IOException {
        Files.setLastModifiedTime(file, FileTime.from(time));
    }

    /** All files of a folder with their attributes. */
    void list(Path folder, BiConsumer<Path, BasicFileAttributes> each) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                try {
                    each.accept(file, Files.readAttributes(file, BasicFileAttributes.class));
                } catch (NoSuchFileException _) {
                    // removed meanwhile
                }
            }
        }
    }

    /** The names of all files of a folder, none where it is not there. */
    void names(Path folder, Consumer<Path> each) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            files.forEach(each);
        } catch (NoSuchFileException e) {
            return;
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
    }

    /** The content of a file, the first {@code maxBytes} of it at most; null where it is not there. */
    @Nullable
    MemorySegment read(Path file, long maxBytes, SegmentAllocator memory) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            MemorySegment content = memory.allocate(Math.min(channel.size(), maxBytes));
            long numRead = 0;
            while (numRead < content.byteSize()) {
                MemorySegment rest = content.asSlice(numRead, Math.min(MAX_READ_BYTES, content.byteSize() - numRead));
                int more = channel.read(rest.asByteBuffer());
                if (more < 0) {
                    return content.asSlice(0, numRead);
                }
                numRead += more;
            }
            return content;
        } catch (NoSuchFileException e) {
            return null;
        }
    }
}
