package io.github.pastkv.tests.equality;

import io.github.pastkv.testkit.model.TinyModelFolder;
import io.github.pastkv.testkit.reference.HfCase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Random;

/** A model folder and a prompt for it. */
final class TestModel {
    private static final int TINY_PROMPT_TOKENS = 37;
    private static final int TINY_VOCAB_SIZE = 2048;

    private final String name;
    private final Path folder;
    private final int[] tokenIds;

    private TestModel(String name, Path folder, int[] tokenIds) {
        this.name = name;
        this.folder = folder;
        this.tokenIds = tokenIds;
    }

    /** One of the golden models. */
    static TestModel golden(String name) {
        HfCase hf = HfCase.of(name);
        return new TestModel(name, hf.folder(), hf.tokens());
    }

    /** The shipped model. */
    static TestModel tiny() {
        try {
            int[] tokenIds = new Random(12).ints(TINY_PROMPT_TOKENS, 0, TINY_VOCAB_SIZE).toArray();
            return new TestModel("tiny", TinyModelFolder.require(), tokenIds);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The model folder. */
    Path folder() {
        return folder;
    }

    /** The prompt. */
    int[] tokenIds() {
        return tokenIds;
    }

    @Override
    public String toString() {
        return name;
    }
}
