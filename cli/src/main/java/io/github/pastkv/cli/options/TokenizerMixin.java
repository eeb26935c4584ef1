package io.github.pastkv.cli.options;

import io.github.pastkv.model.files.ModelDocument;
import io.github.pastkv.model.gguf.GgufFile;
import io.github.pastkv.model.gguf.GgufModel;
import io.github.pastkv.model.gguf.GgufTokenizer;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Whose tokenizer is used. Its files suffice; the model itself is not read. */
public final class TokenizerMixin {
    @Option(names = "--model", paramLabel = "DIR|FILE.gguf",
            description = "Folder with tokenizer.json, or GGUF file. Default: the small model bundled with "
                    + "PastKV.") private @Nullable Path folder;

    @Mixin private AllowTokenizerMixin allowed = new AllowTokenizerMixin();

    /** Opens the tokenizer, which the caller closes. */
    public TextTokenizer open() throws IOException {
        Path place = ModelMixin.requireFolder(folder);
        if (GgufModel.isGguf(place)) {
            return openGguf(place);
        }
        if (Files.isRegularFile(place)) {
            throw new IOException(place + ": is a file; give the folder that it is in");
        }
        return TextTokenizer.openFolder(place);
    }

    private TextTokenizer openGguf(Path place) throws IOException {
        try (GgufFile file = GgufFile.open(place)) {
            GgufTokenizer tokenizer = new GgufTokenizer(file.metadata(), allowed.rules());
            if (!tokenizer.isPresent()) {
                throw new IOException(place + ": has no tokenizer");
            }
            return TextTokenizer.read(new ModelDocument(place, tokenizer.tokenizerJson()),
                    Optional.of(new ModelDocument(place, tokenizer.configJson())), Optional.empty());
        }
    }
}
