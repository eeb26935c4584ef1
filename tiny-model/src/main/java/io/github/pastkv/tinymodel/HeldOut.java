package io.github.pastkv.tinymodel;

import java.io.IOException;
import java.io.InputStream;

/** Data that the shipped model has not seen in training, as JSON (tools/tiny-model/README.md says what each holds). */
public enum HeldOut {
    /** Stories, {@code {"documents": [{"text": ..., "tokens": [...]}, ...]}}: 13,337 tokens. */
    TEXT("text.json"),
    /** Prompts whose indirect object is to be named. */
    INDIRECT_OBJECTS("ioi.json"),
    /** Random ids, said twice. */
    REPEATS("repeats.json");

    private final String fileName;

    HeldOut(String fileName) {
        this.fileName = fileName;
    }

    /** The JSON; the caller closes it. */
    public InputStream open() throws IOException {
        InputStream stream = HeldOut.class.getResourceAsStream("heldout/" + fileName);
        if (stream == null) {
            throw new IllegalStateException("the resource heldout/" + fileName + " is missing beside the tiny model");
        }
        return stream;
    }
}
