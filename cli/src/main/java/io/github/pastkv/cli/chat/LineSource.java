package io.github.pastkv.cli.chat;

import java.io.IOException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Where the lines of a conversation come from: a terminal with editing, or a pipe. */
interface LineSource extends AutoCloseable {
    /** Whether a person sits at the other end. */
    boolean isInteractive();

    /** The next line, which may hold line ends that were pasted; null at the end. */
    @Nullable
    String next(String prompt) throws IOException;

    /** Whether Ctrl-C has been pressed since this call; until the next line is asked for it does nothing else. */
    BooleanSupplier watchCtrlC();

    @Override
    void close() throws IOException;
}
