package io.github.pastkv.cli.io;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Forwards bytes and keeps the first failure, which the print stream above it would swallow. After a failure nothing
 * more is written.
 */
final class CheckedOutput extends OutputStream {
    private final OutputStream target;
    private volatile @Nullable IOException failure;

    CheckedOutput(OutputStream target) {
        this.target = target;
    }

    @Override
    public void write(int singleByte) throws IOException {
        write(new byte[] {(byte) singleByte}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        attempt(() -> target.write(bytes, offset, length));
    }

    @Override
    public void flush() throws IOException {
        attempt(target::flush);
    }

    private void attempt(Write write) throws IOException {
        IOException earlier = failure;
        if (earlier != null) {
            throw earlier;
        }
        try {
            write.run();
        } catch (IOException e) {
            failure = e;
            throw e;
        }
    }

    /** The first failure. */
    Optional<IOException> failure() {
        return Optional.ofNullable(failure);
    }

    /** One use of the target. */
    @FunctionalInterface
    private interface Write {
        void run() throws IOException;
    }
}
