package io.github.pastkv.testkit.model;

import io.github.pastkv.tinymodel.TinyModel;
import java.io.IOException;
import java.nio.file.Path;

/** The shipped model, unpacked below the module's build folder. */
public final class TinyModelFolder {
    private TinyModelFolder() {}

    /** The folder, holding the model. */
    public static Path require() throws IOException {
        Path folder = Path.of(System.getProperty("basedir", ""), "target", "tiny-model");
        TinyModel.unpackTo(folder);
        return folder;
    }
}
