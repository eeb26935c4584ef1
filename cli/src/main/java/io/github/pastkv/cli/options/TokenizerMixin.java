package io.github.pastkv.cli.options;

import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Whose tokenizer is used. Its files suffice; the model itself is not read. */
public final class TokenizerMixin {
    @Option(names = "--model", paramLabel = "DIR",
            description = "Folder with tokenizer.json. Default: the small model bundled with "
                    + "PastKV.") private @Nullable Path folder;

    /** Opens the tokenizer, which the caller closes. */
    public TextTokenizer open() throws IOException {
        Path place = ModelMixin.requireFolder(folder);
        if (Files.isRegularFile(place)) {
            throw new IOException(place + ": is a file; give the folder that it is in");
        }
        return TextTokenizer.openFolder(place);
    }
}
