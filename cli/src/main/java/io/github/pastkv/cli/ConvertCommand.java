package io.github.pastkv.cli;

import io.github.pastkv.cli.io.Progress;
import io.github.pastkv.cli.io.Streams;
import io.github.pastkv.cli.options.ModelMixin;
import io.github.pastkv.cli.options.OptionConverters;
import io.github.pastkv.kernels.weights.WeightType;
import io.github.pastkv.model.ModelConversion;
import io.github.pastkv.model.gguf.GgufModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Writes a model with smaller weights. */
@Command(name = "convert", sortOptions = false,
        header = {"Write a copy of a model with quantized weights, or a GGUF file as a folder.", ""},
        customSynopsis = {"pastkv convert --model DIR --weights WEIGHTS --out DIR2 [OPTIONS]",
            "       pastkv convert FILE.gguf DIR [OPTIONS]", ""},
        description = {"Quantizes the weights of linear layers: to int8 with one scale per output, half the size of "
                + "bf16; to int8-groups with a scale for each 32 inputs; or to int4 with scale and minimum for each "
                + "32, 5 bits a weight. The folder gives the same bits as --weights with the original one, and loads "
                + "faster. Embeddings are copied unchanged; an unembedding that is tied to them is quantized when the "
                + "model is loaded. Only PastKV can read the folder.%n",
            "A GGUF file becomes a Hugging Face folder with config.json, model.safetensors and its tokenizer. Floats "
                    + "keep their type, quantized weights become f32.%n"},
        footer = {"", "Examples:",
            "  pastkv convert --model ~/models/SmolLM-135M --weights int8 --out ~/models/smol-int8",
            "  pastkv generate --model ~/models/smol-int8 \"Once upon a time\"",
            "  pastkv convert ~/models/SmolLM-135M.Q8_0.gguf ~/models/smol-f32"})
final class ConvertCommand implements Callable<Integer> {
    private final Streams streams;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Parameters(arity = "0..2", paramLabel = "FILE.gguf|DIR", hidden = true) private List<Path> places = List.of();

    @Option(names = "--model", paramLabel = "DIR|FILE.gguf",
            description = "Hugging Face folder with config.json and model.safetensors (or its shards), or GGUF "
                    + "file. Default: the small model bundled with PastKV.") private @Nullable Path folder;

    @Option(names = "--weights", paramLabel = "int8|int8-groups|int4", converter = OptionConverters.SmallWeights.class,
            completionCandidates = OptionConverters.SmallWeights.class,
            description = "Weight format to write; not for GGUF files.") private @Nullable WeightType weights;

    @Option(names = "--out", paramLabel = "DIR",
            description = "Folder to write; must not exist.") private @Nullable Path out;

    @Option(names = "--allow-config", paramLabel = "KEY", split = ",", hideParamSyntax = true,
            description = "Ignore an unknown key in config.json. "
                    + "Repeatable.") private List<String> allowedConfigKeys = List.of();

    ConvertCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        Path source = place(0, "--model", folder);
        Path target = place(1, "--out", out);
        if (target == null) {
            throw new ParameterException(spec.commandLine(), "no folder to write: give --out, or it after the model");
        }
        boolean isGguf = source != null && GgufModel.isGguf(source);
        if (isGguf == (weights != null)) {
            throw new ParameterException(spec.commandLine(), isGguf
                    ? "--weights: does not apply to " + source + ", a GGUF file; convert it to a folder first"
                    : "no --weights: give int8, int8-groups or int4, the format to write");
        }
        String work = "converting " + (source == null ? "the tiny model" : source) + " to "
                + (weights == null ? "a folder" : weights.label());
        AtomicReference<String> state = new AtomicReference<>(work);
        ModelConversion.Listener listener =
                (numDone, numTensors) -> state.set(work + ", tensor " + (numDone + 1) + " of " + numTensors);
        try (Progress _ = Progress.of(streams, state::get)) {
            if (source != null && weights == null) {
                ModelConversion.toFolder(source, target, Set.copyOf(allowedConfigKeys), listener);
            } else if (weights != null) {
                ModelConversion.toQuantized(ModelMixin.requireFolder(source), target, weights,
                        Set.copyOf(allowedConfigKeys), listener);
            }
        }
        return 0;
    }

    /** What is given by position or by option. */
    private @Nullable Path place(int index, String option, @Nullable Path given) {
        if (places.size() <= index) {
            return given;
        }
        if (given != null) {
            throw new ParameterException(spec.commandLine(),
                    places.get(index) + " and " + option + ": give one of them");
        }
        return places.get(index);
    }
}
