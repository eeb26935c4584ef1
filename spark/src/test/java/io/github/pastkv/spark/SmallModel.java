package io.github.pastkv.spark;

import io.github.pastkv.model.files.SafetensorsFile;
import io.github.pastkv.model.files.SafetensorsWriter;
import io.github.pastkv.tinymodel.TinyModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/**
 * The first two of the six layers of the bundled model, with its tokenizer, written once in this process. For tests of
 * where rows run, on executors without C2, where a token of the whole model takes a quarter of a second.
 */
final class SmallModel {
    private static final String WEIGHTS = "model.safetensors";
    private static final String OTHER_LAYERS = "model\\.layers\\.[2-5]\\..*";

    static final String FOLDER = write(Path.of("target", "tiny-model"), Path.of("target", "small-model"));

    private SmallModel() {}

    private static String write(Path whole, Path folder) {
        try {
            TinyModel.unpackTo(whole);
            Files.createDirectories(folder);
            String config = Files.readString(whole.resolve("config.json"));
            Files.writeString(folder.resolve("config.json"),
                    config.replace("\"num_hidden_layers\": 6", "\"num_hidden_layers\": 2"));
            for (String name : List.of("generation_config.json", "tokenizer.json")) {
                Files.copy(whole.resolve(name), folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
            }
            writeWeights(whole.resolve(WEIGHTS), folder.resolve(WEIGHTS));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return folder.toAbsolutePath().toString();
    }

    private static void writeWeights(Path from, Path to) throws IOException {
        try (SafetensorsFile file = SafetensorsFile.open(from)) {
            SafetensorsWriter writer = new SafetensorsWriter();
            for (String name : file.names()) {
                if (!name.matches(OTHER_LAYERS)) {
                    writer.add(name, file.tensor(name));
                }
            }
            writer.write(to);
        }
    }
}
