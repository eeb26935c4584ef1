package io.github.pastkv.model.files;

import java.io.IOException;
import java.nio.file.Path;

/**
 * Thrown when a file of a model is missing, damaged, contradictory or not supported. The message is one
 * {@linkplain Messages#printable printable} line, whatever the file holds.
 */
public final class ModelFormatException extends IOException {
    private static final long serialVersionUID = 1;

    private final transient Path file;

    /**
     * A refusal of {@code file}.
     *
     * @param file the file that is refused; the message begins with it
     * @param problem one line: the key or tensor, what is there, what was expected
     */
    public ModelFormatException(Path file, String problem) {
        super(Messages.printable(file + ": " + problem));
        this.file = file;
    }

    /** As {@link #ModelFormatException(Path, String)}, with the exception that told of the problem. */
    public ModelFormatException(Path file, String problem, Throwable cause) {
        super(Messages.printable(file + ": " + problem), cause);
        this.file = file;
    }

    /** The file that is refused. */
    public Path file() {
        return file;
    }
}
