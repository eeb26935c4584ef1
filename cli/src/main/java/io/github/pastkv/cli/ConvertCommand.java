package io.github.pastkv.cli;

import io.github.pastkv.cli.io.Progress;
import io.github.pastkv.cli.io.Streams;
import io.github.pastkv.cli.options.ModelMixin;
import io.github.pastkv.cli.options.OptionConverters;
import io.github.pastkv.kernels.WeightType;
import io.github.pastkv.model.ModelConversion;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Writes a model with smaller weights. */
@Command(name = "convert", sortOptions = false,
        header = {"Write a copy of a model with int8 weights.", ""},
        customSynopsis = {"pastkv convert --model DIR --weights int8 --out DIR2 [OPTIONS]", ""},
        description = "Quantizes the weights of linear layers to int8 with one scale per output, and writes a model "
                + "folder of about half the size of bf16. The folder gives the same bits as --weights int8 with the "
                + "original one, and loads faster. Embeddings are copied unchanged; an unembedding that is tied to "
                + "them is quantized when the model is loaded. Only PastKV can read the folder.%n",
        footer = {"", "Examples:",
            "  pastkv convert --model ~/models/SmolLM-135M --weights int8 --out ~/models/smol-int8",
            "  pastkv generate --model ~/models/smol-int8 \"Once upon a time\""})
final class ConvertCommand implements Callable<Integer> {
    private final Streams streams;

    @Option(names = "--model", paramLabel = "DIR",
            description = "Hugging Face folder with config.json and model.safetensors (or its shards). Default: the "
                    + "small model bundled with PastKV.") private @Nullable Path folder;

    @Option(names = "--weights", paramLabel = "int8", required = true, converter = OptionConverters.SmallWeights.class,
            completionCandidates = OptionConverters.SmallWeights.class,
            description = "Weight format to write.") private WeightType weights = WeightType.INT8;

    @Option(names = "--out", paramLabel = "DIR", required = true,
            description = "Folder to write; must not exist.") private Path out = Path.of("");

    @Option(names = "--allow-config", paramLabel = "KEY", split = ",", hideParamSyntax = true,
            description = "Ignore an unknown key in config.json. "
                    + "Repeatable.") private List<String> allowedConfigKeys = List.of();

    ConvertCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        String work = "converting " + (folder == null ? "the tiny model" : folder) + " to " + weights.label();
        AtomicReference<String> state = new AtomicReference<>(work);
        try (Progress _ = Progress.of(streams, state::get)) {
            ModelConversion.toInt8(ModelMixin.requireFolder(folder), out, Set.copyOf(allowedConfigKeys),
                    (numDone, numTensors) -> state.set(work + ", tensor " + (numDone + 1) + " of " + numTensors));
        }
        return 0;
    }
}
