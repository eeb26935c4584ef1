package io.github.pastkv.model.files;

import io.github.pastkv.kernels.weights.GroupFormat;
import io.github.pastkv.kernels.weights.GroupQuantizer;
import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The weights of a Hugging Face folder: {@code model.safetensors}, or the shards that
 * {@code model.safetensors.index.json} lists, as views of memory-mapped files.
 *
 * <p>Where linear weights are int8, each has a tensor of F32 scales beside it, {@code [outputs]}, under its name and
 * {@link #SCALES_SUFFIX}; where they are grouped, scales and minimums (under {@link #MINIMUMS_SUFFIX}) as
 * {@link GroupedTensors} has them. These are not among {@link #names}.
 */
public final class SafetensorsWeights implements WeightSource {
    /** What follows the name of a weight of integers in that of its scales. */
    public static final String SCALES_SUFFIX = "_scale";
    /** What follows the name of a weight of grouped integers in that of its minimums. */
    public static final String MINIMUMS_SUFFIX = "_minimum";

    private static final String SINGLE_FILE = "model.safetensors";
    private static final String INDEX_FILE = "model.safetensors.index.json";

    private static final Pattern SHARD = Pattern.compile("model-\\d+-of-\\d+\\.safetensors");
    private static final Pattern OTHER_WEIGHTS =
            Pattern.compile("(?i).+\\.(safetensors|bin|pt|pth|ckpt|h5|msgpack|gguf|onnx|npz)");

    private final Path location;
    private final Optional<QuantizedConfig> quantization;
    private final List<SafetensorsFile> files;
    private final Map<String, SafetensorsFile> fileByTensor;

    private SafetensorsWeights(Path location, Optional<QuantizedConfig> quantization, List<SafetensorsFile> files,
            Map<String, SafetensorsFile> fileByTensor) {
        this.location = location;
        this.quantization = quantization;
        this.files = files;
        this.fileByTensor = fileByTensor;
    }

    /**
     * Opens the weights in {@code folder}; the single file is preferred if both forms are there.
     *
     * @throws ModelFormatException if a file is missing or damaged, or the index and its shards disagree
     */
    public static SafetensorsWeights open(Path folder) throws IOException {
        return open(folder, Optional.empty());
    }

    /**
     * {@link #open(Path)}, where linear weights may be quantized.
     *
     * @param quantization how, or empty where they are floats
     */
    static SafetensorsWeights open(Path folder, Optional<QuantizedConfig> quantization) throws IOException {
        Path single = folder.resolve(SINGLE_FILE);
        if (Files.exists(single, LinkOption.NOFOLLOW_LINKS)) {
            SafetensorsFile file = SafetensorsFile.open(single);
            Map<String, SafetensorsFile> fileByTensor = new LinkedHashMap<>();
            file.names().forEach(name -> fileByTensor.put(name, file));
            return new SafetensorsWeights(single, quantization, List.of(file), fileByTensor);
        }
        Path index = folder.resolve(INDEX_FILE);
        if (Files.exists(index, LinkOption.NOFOLLOW_LINKS)) {
            return openShards(index, folder, quantization);
        }
        throw new ModelFormatException(folder,
                "holds neither " + SINGLE_FILE + " nor " + INDEX_FILE + otherWeights(folder));
    }

    /** What the folder has instead, for the message. */
    private static String otherWeights(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> String.valueOf(file.getFileName()))
                    .filter(name -> OTHER_WEIGHTS.matcher(name).matches())
                    .min(Comparator.comparing((String name) -> !name.endsWith(".gguf")).thenComparing(name -> name))
                    .map(name -> "; " + whatToDo(folder, name)).orElse("");
        }
    }

    private static String whatToDo(Path folder, String name) {
        if (name.endsWith(".gguf")) {
            return "give the GGUF file itself: " + folder.resolve(name);
        }
        return name + (SHARD.matcher(name).matches()
                ? " is a shard, and the index that lists the shards is missing"
                : " is of another format or name, convert or rename it");
    }

    private static SafetensorsWeights openShards(Path index, Path folder, Optional<QuantizedConfig> quantization)
            throws IOException {
        JsonObject weightMap = JsonFile.read(index).requireObject("weight_map");
        Map<String, SafetensorsFile> shards = new TreeMap<>(); // in the order of their names, which errors give
        try {
            for (String tensor : weightMap.keys()) {
                openShard(tensor, weightMap, folder, shards);
            }
            return new SafetensorsWeights(index, quantization, List.copyOf(shards.values()),
                    fileByTensor(shards, weightMap));
        } catch (IOException | RuntimeException e) {
            shards.values().forEach(SafetensorsFile::close);
            throw e;
        }
    }

    private static void openShard(String tensor, JsonObject weightMap, Path folder,
            Map<String, SafetensorsFile> shards) throws IOException {
        String fileName = weightMap.requireString(tensor);
        requirePlainName(tensor, fileName, weightMap);
        if (!shards.containsKey(fileName)) {
            shards.put(fileName, SafetensorsFile.open(folder.resolve(fileName)));
        }
    }

    /** Any name of a file in the folder, but no path that leads elsewhere. */
    private static void requirePlainName(String tensor, String fileName, JsonObject weightMap)
            throws ModelFormatException {
        String problem = fileName.isEmpty() ? "is empty"
                : fileName.equals(".") || fileName.equals("..") ? "is a folder"
                        : fileName.chars().filter(character -> character == '/' || character == '\\'
                                || Character.isISOControl(character)).mapToObj(
                                        character -> "has the character '" + (char) character + "'")
                                .findFirst().orElse("");
        if (!problem.isEmpty()) {
            throw weightMap.refusal(tensor, "\"" + fileName + "\" " + problem
                    + ", must be the name of a file in the same folder");
        }
    }

    /**
     * Every tensor of every shard, whether the index lists it or not, as transformers loads them; the index decides
     * between shards that hold the same. What it lists and no shard holds is missing only to those who need it.
     */
    private static Map<String, SafetensorsFile> fileByTensor(Map<String, SafetensorsFile> shards, JsonObject weightMap)
            throws ModelFormatException {
        Map<String, SafetensorsFile> fileByTensor = new LinkedHashMap<>();
        for (Map.Entry<String, SafetensorsFile> shard : shards.entrySet()) {
            for (String tensor : shard.getValue().names()) {
                SafetensorsFile other = fileByTensor.putIfAbsent(tensor, shard.getValue());
                if (other != null) {
                    fileByTensor.put(tensor, choose(tensor, other, shard.getValue(), shards, weightMap));
                }
            }
        }
        return fileByTensor;
    }

    private static SafetensorsFile choose(String tensor, SafetensorsFile first, SafetensorsFile second,
            Map<String, SafetensorsFile> shards, JsonObject weightMap) throws ModelFormatException {
        SafetensorsFile listed = shards.get(weightMap.findString(tensor).orElse(""));
        if (listed == null || !listed.contains(tensor)) {
            throw new ModelFormatException(second.path(),
                    "tensor " + tensor + ": is in " + first.path().getFileName()
                            + " as well, and the index lists neither");
        }
        return listed;
    }

    /** The file that was opened: the single file or the index. */
    @Override
    public Path location() {
        return location;
    }

    @Override
    public Optional<QuantizedConfig> quantization() {
        return quantization;
    }

    @Override
    public Set<String> names() {
        return fileByTensor.keySet().stream().filter(name -> !isScales(name)).collect(Collectors.toUnmodifiableSet());
    }

    private boolean isScales(String name) {
        return quantization.isPresent() && Stream.of(SCALES_SUFFIX, MINIMUMS_SUFFIX).anyMatch(
                suffix -> name.endsWith(suffix)
                        && fileByTensor.containsKey(name.substring(0, name.length() - suffix.length())));
    }

    @Override
    public Optional<TensorEntry> entry(String name) throws ModelFormatException {
        SafetensorsFile file = fileByTensor.get(name);
        return file == null ? Optional.empty() : Optional.of(file.entry(name));
    }

    @Override
    public Tensor tensor(String name, long... expectedShape) throws ModelFormatException {
        SafetensorsFile file = requireFileOf(name, expectedShape);
        return requireShape(name, file, file.tensor(name), expectedShape);
    }

    @Override
    public WeightMatrix linear(String name, Layout layout, int outputs, int inputs) throws ModelFormatException {
        if (quantization.isPresent() && quantization.get().weights().isGrouped()) {
            return grouped(name, GroupQuantizer.format(quantization.get().weights()), outputs, inputs);
        }
        boolean isTransposed = layout == Layout.INPUTS_FIRST;
        long[] shape = isTransposed ? new long[] {inputs, outputs} : new long[] {outputs, inputs};
        SafetensorsFile file = requireFileOf(name, shape);
        boolean isInt8 = quantization.isPresent();
        Tensor stored = requireShape(name, file, isInt8 ? file.integers(name) : file.tensor(name), shape);
        return WeightMatrix.of(isTransposed ? stored.transpose(0, 1) : stored, null,
                isInt8 ? tensor(name + SCALES_SUFFIX, outputs) : null);
    }

    private WeightMatrix grouped(String name, GroupFormat format, int outputs, int inputs)
            throws ModelFormatException {
        List<Long> scalesShape = GroupedTensors.scalesShape(format, outputs, inputs);
        GroupedTensors stored = new GroupedTensors(format,
                bytes(name, GroupedTensors.dtype(format), GroupedTensors.shape(format, outputs, inputs)),
                bytes(name + SCALES_SUFFIX, DataType.F16.name(), scalesShape),
                format.hasMinimums() ? bytes(name + MINIMUMS_SUFFIX, DataType.F16.name(), scalesShape) : null);
        return new WeightMatrix.Grouped(format, outputs, inputs, stored::read, null);
    }

    private MemorySegment bytes(String name, String dtype, List<Long> shape) throws ModelFormatException {
        SafetensorsFile file = requireFileOf(name, shape.stream().mapToLong(Long::longValue).toArray());
        TensorEntry entry = file.entry(name);
        if (!entry.dtype().equals(dtype) || !entry.shape().equals(shape)) {
            throw new ModelFormatException(file.path(), "tensor " + name + ": is " + entry.dtype() + entry.shape()
                    + ", the configuration asks for " + dtype + shape);
        }
        return file.segment(name);
    }

    @Override
    public boolean isFinite(String name) throws ModelFormatException {
        return isStoredFinite(name) && (quantization.isEmpty() || (isFiniteOrAbsent(name + SCALES_SUFFIX)
                && isFiniteOrAbsent(name + MINIMUMS_SUFFIX)));
    }

    private boolean isFiniteOrAbsent(String name) throws ModelFormatException {
        return !fileByTensor.containsKey(name) || isStoredFinite(name);
    }

    private boolean isStoredFinite(String name) throws ModelFormatException {
        SafetensorsFile file = requireFileOf(name);
        if (file.entry(name).dtype().equals("U8") && name.endsWith("_scales")) {
            return Mxfp4.areFinite(file.segment(name));
        }
        return FiniteFloats.isFinite(file.entry(name).dtype(), file.segment(name));
    }

    @Override
    public MemorySegment bytes(String name) throws ModelFormatException {
        return requireFileOf(name).segment(name);
    }

    private SafetensorsFile requireFileOf(String name, long... expectedShape) throws ModelFormatException {
        SafetensorsFile file = fileByTensor.get(name);
        if (file == null) {
            throw new ModelFormatException(location, "tensor " + name + ": missing, expected "
                    + Arrays.toString(expectedShape) + "; looked in " + fileNames());
        }
        return file;
    }

    private static Tensor requireShape(String name, SafetensorsFile file, Tensor tensor, long... expectedShape)
            throws ModelFormatException {
        if (!Arrays.equals(tensor.shape(), expectedShape)) {
            throw new ModelFormatException(file.path(), "tensor " + name + ": is " + tensor.typeAndShape()
                    + ", the configuration asks for " + Arrays.toString(expectedShape));
        }
        return tensor;
    }

    @Override
    public void requireWhole() throws ModelFormatException {
        for (SafetensorsFile file : files) {
            file.requireWhole();
        }
    }

    /** Refuses if a path does not lead to the file as it was opened. */
    void requireSame() throws ModelFormatException {
        for (SafetensorsFile file : files) {
            file.requireSame();
        }
    }

    @Override
    public Path fileOf(String name) {
        SafetensorsFile file = fileByTensor.get(name);
        return file == null ? location : file.path();
    }

    private List<String> fileNames() {
        List<String> names = new ArrayList<>();
        files.forEach(file -> names.add(String.valueOf(file.path().getFileName())));
        return names;
    }

    @Override
    public void close() {
        files.forEach(SafetensorsFile::close);
    }
}
