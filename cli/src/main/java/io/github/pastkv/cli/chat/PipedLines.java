package io.github.pastkv.cli.chat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Lines of a pipe or a file, in UTF-8. Ctrl-C ends the process as usual. */
final class PipedLines implements LineSource {
    private final BufferedReader reader;

    PipedLines(InputStream in) {
        this.reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
    }

    @Override
    public boolean isInteractive() {
        return false;
    }

    @Override
    public @Nullable String next(String prompt) throws IOException {
        return reader.readLine();
    }

    @Override
    public BooleanSupplier watchCtrlC() {
        return () -> false;
    }

    @Override
    public void close() {} // standard input is not ours
}
