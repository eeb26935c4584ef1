package io.github.pastkv.model.files;

import io.github.pastkv.cache.Tensor;
import io.github.pastkv.kernels.WeightType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The weights of a Hugging Face folder: {@code model.safetensors}, or the shards that
 * {@code model.safetensors.index.json} lists. Tensors are views of memory-mapped files that this object owns.
 *
 * <p>Safe for any number of threads.
 */
public final class Checkpoint implements AutoCloseable {
    private static final String SINGLE_FILE = "model.safetensors";
    private static final String INDEX_FILE = "model.safetensors.index.json";

    private final Path source;
    private final WeightType linears;
    private final List<SafetensorsFile> files;
    private final Map<String, SafetensorsFile> fileByTensor;

    private Checkpoint(Path source, WeightType linears, List<SafetensorsFile> files,
            Map<String, SafetensorsFile> fileByTensor) {
        this.source = source;
        this.linears = linears;
        this.files = files;
        this.fileByTensor = fileByTensor;
    }

    /**
     * Opens the weights in {@code folder}; the single file is preferred if both forms are there.
     *
     * @throws ModelFormatException if a file is missing or damaged, or the index and its shards disagree
     */
    public static Checkpoint open(Path folder) throws IOException {
        return open(folder, WeightType.STORED);
    }

    /** {@link #open(Path)}, where {@code linears} says whether linear weights are floats or integers with scales. */
    public static Checkpoint open(Path folder, WeightType linears) throws IOException {
        Path single = folder.resolve(SINGLE_FILE);
        if (Files.exists(single)) {
            SafetensorsFile file = SafetensorsFile.open(single);
            Map<String, SafetensorsFile> fileByTensor = new LinkedHashMap<>();
            file.names().forEach(name -> fileByTensor.put(name, file));
            return new Checkpoint(single, linears, List.of(file), fileByTensor);
        }
        Path index = folder.resolve(INDEX_FILE);
        if (Files.exists(index)) {
            return openShards(index, folder, linears);
        }
        throw new ModelFormatException(folder, "holds neither " + SINGLE_FILE + " nor " + INDEX_FILE);
    }

    private static Checkpoint openShards(Path index, Path folder, WeightType linears) throws IOException {
        JsonObject weightMap = JsonFile.read(index).requireObject("weight_map");
        Map<String, SafetensorsFile> shards = new LinkedHashMap<>();
        try {
            Map<String, SafetensorsFile> fileByTensor = new LinkedHashMap<>();
            for (String tensor : weightMap.keys()) {
                fileByTensor.put(tensor, shardOf(tensor, weightMap, folder, shards));
            }
            requireListed(shards, fileByTensor, index);
            return new Checkpoint(index, linears, List.copyOf(shards.values()), fileByTensor);
        } catch (IOException | RuntimeException e) {
            shards.values().forEach(SafetensorsFile::close);
            throw e;
        }
    }

    /** The open shard of a tensor, which is seen to hold it. */
    private static SafetensorsFile shardOf(String tensor, JsonObject weightMap, Path folder,
            Map<String, SafetensorsFile> shards) throws IOException {
        String fileName = weightMap.requireString(tensor);
        if (fileName.isEmpty() || !fileName.matches("[A-Za-z0-9._-]+") || fileName.startsWith(".")) {
            throw weightMap.refusal(tensor, "\"" + fileName + "\", must be the name of a file in the same folder");
        }
        SafetensorsFile shard = shards.get(fileName);
        if (shard == null) {
            shard = SafetensorsFile.open(folder.resolve(fileName));
            shards.put(fileName, shard);
        }
        if (!shard.contains(tensor)) {
            throw weightMap.refusal(tensor, "is not in " + shard.path());
        }
        return shard;
    }

    private static void requireListed(Map<String, SafetensorsFile> shards, Map<String, SafetensorsFile> fileByTensor,
            Path index) throws ModelFormatException {
        for (SafetensorsFile shard : shards.values()) {
            for (String tensor : shard.names()) {
                if (fileByTensor.get(tensor) != shard) {
                    throw new ModelFormatException(shard.path(),
                            "tensor " + tensor + ": not listed for this file in " + index);
                }
            }
        }
    }

    /** The file that was opened: the single file or the index. */
    public Path source() {
        return source;
    }

    /** Whether its linear weights are floats or, for INT8, integers with a tensor of scales beside each. */
    public WeightType linears() {
        return linears;
    }

    /** Names of all tensors. */
    public Set<String> names() {
        return Set.copyOf(fileByTensor.keySet());
    }

    /** The description of a tensor, or empty if there is none of this name. */
    public Optional<TensorEntry> entry(String name) throws ModelFormatException {
        SafetensorsFile file = fileByTensor.get(name);
        return file == null ? Optional.empty() : Optional.of(file.entry(name));
    }

    /** A view of an F32, F16 or BF16 tensor, or empty if there is none of this name. */
    public Optional<Tensor> find(String name) throws ModelFormatException {
        SafetensorsFile file = fileByTensor.get(name);
        return file == null ? Optional.empty() : Optional.of(file.tensor(name));
    }

    /**
     * A view of an F32, F16 or BF16 tensor.
     *
     * @throws ModelFormatException if there is none of this name, or its type or shape is another
     */
    public Tensor tensor(String name, long... expectedShape) throws ModelFormatException {
        SafetensorsFile file = requireFileOf(name, expectedShape);
        return requireShape(name, file, file.tensor(name), expectedShape);
    }

    /**
     * A view of an I8 tensor.
     *
     * @throws ModelFormatException if there is none of this name, or its type or shape is another
     */
    public Tensor integers(String name, long... expectedShape) throws ModelFormatException {
        SafetensorsFile file = requireFileOf(name, expectedShape);
        return requireShape(name, file, file.integers(name), expectedShape);
    }

    /** The bytes of a tensor of any type, read-only, row-major and little-endian. */
    public MemorySegment bytes(String name) throws ModelFormatException {
        return requireFileOf(name).segment(name);
    }

    private SafetensorsFile requireFileOf(String name, long... expectedShape) throws ModelFormatException {
        SafetensorsFile file = fileByTensor.get(name);
        if (file == null) {
            throw new ModelFormatException(source, "tensor " + name + ": missing, expected "
                    + Arrays.toString(expectedShape) + "; looked in " + fileNames());
        }
        return file;
    }

    private static Tensor requireShape(String name, SafetensorsFile file, Tensor tensor, long... expectedShape)
            throws ModelFormatException {
        if (!Arrays.equals(tensor.shape(), expectedShape)) {
            throw new ModelFormatException(file.path(), "tensor " + name + ": is " + tensor
                    + ", the configuration asks for " + Arrays.toString(expectedShape));
        }
        return tensor;
    }

    /** The file that holds a tensor, or {@link #source} if none does. */
    public Path fileOf(String name) {
        SafetensorsFile file = fileByTensor.get(name);
        return file == null ? source : file.path();
    }

    private List<String> fileNames() {
        List<String> names = new ArrayList<>();
        files.forEach(file -> names.add(String.valueOf(file.path().getFileName())));
        return names;
    }

    /** Unmaps all files; tensors may not be used any more. Closing twice is allowed. */
    @Override
    public void close() {
        files.forEach(SafetensorsFile::close);
    }
}
