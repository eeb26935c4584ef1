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

    private final InputStream in;
    private final int maxLineBytes;
    private long numLines;
    private long position;

    /** Opens a file of requests. */
    BatchInput(Path file) throws IOException {
        this(Files.newInputStream(file), MAX_LINE_BYTES);
    }

    /** The lines of a stream. */
    BatchInput(InputStream in, int maxLineBytes) {
        this.maxLineBytes = maxLineBytes;
        this.in = new BufferedInputStream(in, 1 << 16);
    }

    /**
     * The next line; null at the end of the file. What follows the last end of a line is a line if it is not empty. Of
     * a line that is too long it gives the first bytes, one more than the limit; the lines after it can be read.
     */
    byte @Nullable [] next() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream(1024);
        int next = in.read();
        if (next < 0) {
            return null;
        }
        numLines++;
        for (; next >= 0 && next != '\n'; next = in.read()) {
            position++;
            if (line.size() <= maxLineBytes) {
                line.write(next);
            }
        }
        position += next < 0 ? 0 : 1;
        byte[] bytes = line.toByteArray();
        int length = bytes.length;
        return length > 0 && bytes[length - 1] == '\r' ? Arrays.copyOf(bytes, length - 1) : bytes;
    }

    /** Whether a line that was read is longer than the limit. */
    boolean isTooLong(byte[] line) {
        return line.length > maxLineBytes;
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
