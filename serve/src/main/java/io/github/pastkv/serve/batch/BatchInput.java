package io.github.pastkv.serve.batch;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Reads the lines of a file, without their ends ({@code \n} or {@code \r\n}). For one thread. */
final class BatchInput implements AutoCloseable {
    static final int MAX_LINE_BYTES = 32 << 20; // that of a request's body

    private final Path file;
    private final InputStream in;
    private final int maxLineBytes;
    private long numLines;
    private long position;

    /** Opens a file of requests. */
    BatchInput(Path file) throws IOException {
        this(file, Files.newInputStream(file), MAX_LINE_BYTES);
    }

    /** The lines of a stream, which messages call {@code file}. */
    BatchInput(Path file, InputStream in, int maxLineBytes) {
        this.file = file;
        this.maxLineBytes = maxLineBytes;
        this.in = new BufferedInputStream(in, 1 << 16);
    }

    /**
     * The next line; null at the end of the file. What follows the last end of a line is a line if it is not empty.
     *
     * @throws IOException when a line is longer than the limit
     */
    byte @Nullable [] next() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream(1024);
        int next = in.read();
        if (next < 0) {
            return null;
        }
        numLines++;
        for (; next >= 0 && next != '\n'; next = in.read()) {
            if (line.size() == maxLineBytes) {
                throw new IOException(file + ": line " + numLines + " is longer than " + maxLineBytes + " bytes");
            }
            line.write(next);
        }
        position += line.size() + (next < 0 ? 0 : 1);
        byte[] bytes = line.toByteArray();
        int length = bytes.length;
        return length > 0 && bytes[length - 1] == '\r' ? Arrays.copyOf(bytes, length - 1) : bytes;
    }

    /** Where the next line begins, in bytes. */
    long position() {
        return position;
    }

    /** Lines read so far. */
    long numLines() {
        return numLines;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
