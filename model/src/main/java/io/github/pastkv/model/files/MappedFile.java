package io.github.pastkv.model.files;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;

/**
 * A file of weights, mapped read-only into memory. It must not be changed in place while it is open; see
 * {@link #requireWhole}. Using its bytes after {@link #close} is an {@link IllegalStateException}.
 *
 * <p>Safe for any number of threads.
 */
public final class MappedFile implements AutoCloseable {
    private final Path path;
    private final FileState state;
    private final RandomAccessFile file; // a channel would be closed by the first thread that is interrupted in it
    private final Arena arena;
    private final MemorySegment bytes;

    private MappedFile(Path path, FileState state, RandomAccessFile file, Arena arena, MemorySegment bytes) {
        this.path = path;
        this.state = state;
        this.file = file;
        this.arena = arena;
        this.bytes = bytes;
    }

    /**
     * Maps a file.
     *
     * @throws ModelFormatException if it is not there or no regular file
     */
    public static MappedFile open(Path path) throws IOException {
        JsonFile.requireFile(path);
        FileState state = FileState.of(path);
        Arena arena = Arena.ofShared();
        RandomAccessFile file = new RandomAccessFile(path.toFile(), "r");
        try {
            MemorySegment bytes = file.getChannel().map(MapMode.READ_ONLY, 0, file.length(), arena);
            return new MappedFile(path, state, file, arena, bytes);
        } catch (IOException | RuntimeException e) {
            arena.close();
            file.close();
            throw e;
        }
    }

    public Path path() {
        return path;
    }

    /** All its bytes, read-only. */
    public MemorySegment bytes() {
        return bytes;
    }

    /**
     * Refuses a file that was changed in place since it was opened, as its bytes here changed too: it is shorter, or
     * was modified at another time. Another file in its place changes nothing.
     */
    public void requireWhole() throws ModelFormatException {
        long length;
        try {
            length = file.length();
        } catch (IOException e) {
            throw new ModelFormatException(path, "cannot be read any more: " + e.getMessage(), e);
        }
        if (length < bytes.byteSize()) {
            throw new ModelFormatException(path, length + " bytes, had " + bytes.byteSize()
                    + " when it was opened; weights must stay whole while a model is open");
        }
        state.requireUnmodified();
    }

    /** Refuses if its path does not lead to this file any more, or it was changed: for those who read the path. */
    public void requireSame() throws ModelFormatException {
        state.requireSame();
    }

    /** Unmaps the file. Closing twice is allowed. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
            try {
                file.close();
            } catch (IOException e) {
                throw new UncheckedIOException(path + ": cannot be closed", e);
            }
        }
    }
}
