package io.github.pastkv.model;

import io.github.pastkv.kernels.weights.WeightMatrices;
import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.kernels.weights.WeightType;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.files.ModelDocument;
import io.github.pastkv.model.files.ModelFile;
import io.github.pastkv.model.files.QuantizedConfig;
import io.github.pastkv.model.files.SafetensorsWriter;
import io.github.pastkv.model.files.TensorEntry;
import io.github.pastkv.model.files.WeightSource;
import io.github.pastkv.model.gguf.GgufModel;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Converts a model folder to quantized weights of a {@link WeightType}, with the same results as the original folder
 * that is quantized so when it is loaded. Or a GGUF file to a folder, whose quantized weights become F32.
 *
 * <p>A quantized weight keeps its name; scales follow under that name and {@code _scale}, minimums under
 * {@code _minimum}. {@link WeightType#INT8} keeps its shape too and has F32 scales, {@code [outputs]};
 * {@link io.github.pastkv.model.files.GroupedTensors} describes the others. All other tensors, including embeddings
 * with a tied head, are copied unchanged, and so are the tokenizer and all other small files. {@code config.json}
 * describes the format under {@code quantization_config}.
 */
public final class ModelConversion {
    private static final Set<String> WEIGHT_SUFFIXES = Set.of("safetensors", "safetensors.index.json", "bin",
            "bin.index.json", "pt", "pth", "ckpt", "h5", "msgpack", "gguf", "onnx", "ot");

    private final ModelFolder source;
    private final Listener listener;
    private int numDone;

    private ModelConversion(ModelFolder source, Listener listener) {
        this.source = source;
        this.listener = listener;
    }

    /** Receives progress. */
    @FunctionalInterface
    public interface Listener {
        /** Another tensor of {@code numTensors} is about to be written, after {@code numDone} others. */
        void onTensor(int numDone, int numTensors);
    }

    /**
     * Quantizes the linear weights of a folder. The target is created completely or not at all.
     *
     * @param target a folder that does not exist yet, in one that exists
     * @param type any but {@link WeightType#STORED}
     * @param allowedConfigKeys as in {@link ModelFolder#open(Path, Set)}
     * @throws FileAlreadyExistsException when {@code target} is there, before anything is written
     * @throws io.github.pastkv.model.files.ModelFormatException when {@code source} is no model that can be loaded
     * @throws IllegalArgumentException when it holds quantized weights already, or weights that are not finite, or has
     *         latent attention
     */
    public static void toQuantized(Path source, Path target, WeightType type, Set<String> allowedConfigKeys,
            Listener listener) throws IOException {
        if (type == WeightType.STORED) {
            throw new IllegalArgumentException("type: stored, must be one that weights are quantized to");
        }
        if (GgufModel.isGguf(source)) {
            throw new IllegalArgumentException("source: " + source + " is a GGUF file, which holds weights that are "
                    + "quantized already or can be; convert it to a folder first");
        }
        convert(source, target, allowedConfigKeys, listener, folder -> {
            if (folder.storedLinears() != WeightType.STORED) {
                throw new IllegalArgumentException(
                        "source: " + source + " holds " + folder.storedLinears().label() + " weights already");
            }
            requireConvertible(folder.tensors(), source);
        }, (conversion, folder) -> conversion.writeQuantized(folder, type));
    }

    /** Refuses what would be other weights than those that are quantized when the source is loaded. */
    private static void requireConvertible(ModelTensors tensors, Path source) {
        String refused = null;
        if (tensors.linears().values().stream().anyMatch(WeightMatrix.Grouped.class::isInstance)) {
            refused = "weights that are quantized already";
        } else if (tensors.layers().stream().anyMatch(layer -> layer.latent() != null)) {
            refused = "latent attention, whose projections are divided by head when the model is loaded";
        }
        if (refused != null) {
            throw new IllegalArgumentException("source: " + source + " has " + refused);
        }
    }

    /**
     * Writes a GGUF file as a Hugging Face folder, with its tokenizer and chat template. Floats keep their type, blocks
     * become F32: the folder computes what the file does, within the rounding of sums.
     *
     * @param target a folder that does not exist yet, in one that exists
     * @param allowedConfigKeys as in {@link ModelFolder#open(Path, Set)}
     * @throws FileAlreadyExistsException when {@code target} is there, before anything is written
     * @throws io.github.pastkv.model.files.ModelFormatException when {@code source} is no model that can be loaded
     * @throws IllegalArgumentException when {@code source} is no GGUF file
     */
    public static void toFolder(Path source, Path target, Set<String> allowedConfigKeys, Listener listener)
            throws IOException {
        if (!GgufModel.isGguf(source)) {
            throw new IllegalArgumentException("source: " + source + ", must be a GGUF file (NAME.gguf)");
        }
        convert(source, target, allowedConfigKeys, listener, _ -> {}, ModelConversion::writeFolder);
    }

    /** Writes all files into a folder. */
    @FunctionalInterface
    private interface Writer {
        void write(ModelConversion conversion, Path target) throws IOException;
    }

    private static void convert(Path source, Path target, Set<String> allowedConfigKeys, Listener listener,
            Consumer<ModelFolder> check, Writer writer) throws IOException {
        Path parent = target.toAbsolutePath().normalize().getParent();
        if (Files.exists(target) || parent == null) {
            throw new FileAlreadyExistsException(target.toString(), null, "already exists, choose another folder");
        }
        if (!Files.isDirectory(parent)) {
            throw new NoSuchFileException(parent.toString());
        }
        try (ModelFolder folder = ModelFolder.open(source, allowedConfigKeys)) {
            check.accept(folder);
            Path part = parent.resolve("." + target.getFileName() + "." + UUID.randomUUID() + ".tmp");
            try {
                Files.createDirectory(part);
                writer.write(new ModelConversion(folder, listener), part);
                Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                deleteIfExists(part);
            }
        }
    }

    private void writeFolder(Path target) throws IOException {
        GgufModel gguf = (GgufModel) source.source();
        SafetensorsWriter writer = new SafetensorsWriter();
        List<String> names = gguf.weights().names().stream().sorted().toList();
        for (String name : names) {
            TensorEntry entry = gguf.checkpointEntry(name);
            writer.add(name, entry.dtype(), entry.shape(), arena -> {
                tell(names.size());
                return gguf.checkpointTensor(name, arena).segment();
            });
        }
        writer.write(target.resolve("model.safetensors"));
        for (ModelFile file : ModelFile.values()) {
            Optional<ModelDocument> document = gguf.document(file);
            if (document.isPresent()) {
                Files.write(target.resolve(file.fileName()), document.get().bytes());
            }
        }
    }

    private static void deleteIfExists(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    private void writeQuantized(Path target, WeightType type) throws IOException {
        SafetensorsWriter writer = new SafetensorsWriter();
        WeightSource weights = source.source().weights();
        List<String> names = weights.names().stream().sorted().toList();
        QuantizedLinears linears = new QuantizedLinears(writer, type, () -> tell(names.size()));
        for (String name : names) {
            TensorEntry entry = weights.entry(name).orElseThrow();
            WeightMatrix linear = source.tensors().linears().get(name);
            if (linear == null) {
                writer.add(name, entry.dtype(), entry.shape(), _ -> {
                    tell(names.size());
                    return weights.bytes(name);
                });
            } else {
                linears.add(name, linear, entry.shape());
            }
        }
        writer.write(target.resolve("model.safetensors"));
        copyOtherFiles(target);
        QuantizedConfig config =
                new QuantizedConfig(type, WeightMatrices.tensor(source.tensors().head().getFirst()).dataType());
        Files.writeString(target.resolve(ModelFile.CONFIG.fileName()),
                source.source().config().textWith(QuantizedConfig.KEY, config.entries()) + "\n");
    }

    private void tell(int numTensors) {
        listener.onTensor(numDone++, numTensors);
    }

    private void copyOtherFiles(Path target) throws IOException {
        try (Stream<Path> files = Files.list(source.folder())) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String name = String.valueOf(file.getFileName());
                if (!name.startsWith(".") && !name.equals(ModelFile.CONFIG.fileName()) && !isWeights(name)) {
                    Files.copy(file, target.resolve(name));
                }
            }
        }
        String forTools = ModelFile.TOOL_CHAT_TEMPLATE.fileName();
        if (Files.exists(source.folder().resolve(forTools))) {
            Files.createDirectories(Objects.requireNonNull(target.resolve(forTools).getParent()));
            Files.copy(source.folder().resolve(forTools), target.resolve(forTools));
        }
    }

    private static boolean isWeights(String name) {
        String lowerCase = name.toLowerCase(Locale.ROOT);
        return WEIGHT_SUFFIXES.stream().anyMatch(suffix -> lowerCase.endsWith("." + suffix));
    }
}
