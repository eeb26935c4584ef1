package io.github.pastkv.model.gguf;

import io.github.pastkv.model.files.ModelFormatException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The tensors of a model in one GGUF file or in the shards that llama.cpp's {@code gguf-split} writes. Keys of the
 * model are in the first. Owns the files until {@link #close}.
 *
 * <p>Safe for any number of threads.
 */
final class GgufTensors implements AutoCloseable {
    private static final Pattern SHARD = Pattern.compile("(.*)-(\\d{5})-of-(\\d{5})\\.gguf");
    private static final int MAX_SHARDS = 65535;

    /** A tensor and the file that it is in. */
    record Located(GgufFile file, GgufTensor tensor) {}

    private final List<GgufFile> files;
    private final Map<String, Located> tensors = new LinkedHashMap<>();

    private GgufTensors(List<GgufFile> files) throws ModelFormatException {
        this.files = List.copyOf(files);
        for (GgufFile file : files) {
            for (GgufTensor tensor : file.entries()) {
                Located other = tensors.put(tensor.name(), new Located(file, tensor));
                if (other != null) {
                    throw new ModelFormatException(file.path(), "tensor " + tensor.name() + ": is in "
                            + other.file.path().getFileName() + " as well");
                }
                if (!tensor.type().isSupported()) {
                    throw new ModelFormatException(file.path(), "tensor " + tensor.name() + ": is "
                            + tensor.describe() + "; weights of type " + tensor.type()
                            + " are not supported (docs/models.md has those that are)");
                }
            }
        }
    }

    /**
     * Opens a file and, where it is the first of several shards, the others beside it.
     *
     * @throws ModelFormatException if one is missing or damaged, or holds a type of weights that is not supported
     */
    static GgufTensors open(Path path) throws IOException {
        List<GgufFile> files = new ArrayList<>();
        try {
            files.add(GgufFile.open(path));
            for (Path shard : otherShards(files.getFirst())) {
                files.add(GgufFile.open(shard));
                requireShard(files.getLast(), files.size() - 1, files.getFirst());
            }
            GgufTensors all = new GgufTensors(files);
            requireTotal(all, files.getFirst());
            return all;
        } catch (IOException | RuntimeException e) {
            files.forEach(GgufFile::close);
            throw e;
        }
    }

    private static List<Path> otherShards(GgufFile first) throws ModelFormatException {
        int count = first.metadata().findInt("split.count", 0, MAX_SHARDS).orElse(1);
        int number = first.metadata().findInt("split.no", 0, MAX_SHARDS).orElse(0);
        Matcher name = SHARD.matcher(String.valueOf(first.path().getFileName()));
        if (number != 0) {
            throw new ModelFormatException(first.path(), "is shard " + (number + 1) + " of " + count
                    + "; give the first" + (name.matches() ? ", " + shard(name, 0) : ""));
        }
        if (count > 1 && (!name.matches() || Integer.parseInt(name.group(3)) != count)) {
            throw new ModelFormatException(first.path(), "is the first of " + count
                    + " shards (split.count), must be called NAME-00001-of-" + String.format("%05d", count) + ".gguf");
        }
        List<Path> others = new ArrayList<>();
        for (int i = 1; i < count; i++) {
            others.add(first.path().resolveSibling(shard(name, i)));
        }
        return others;
    }

    private static String shard(Matcher name, int index) {
        return String.format("%s-%05d-of-%s.gguf", name.group(1), index + 1, name.group(3));
    }

    private static void requireShard(GgufFile file, int number, GgufFile first) throws ModelFormatException {
        GgufMetadata metadata = file.metadata();
        if (metadata.requireInt("split.no", 0, MAX_SHARDS) != number) {
            throw metadata.refusal("split.no", metadata.describe("split.no") + ", must be " + number);
        }
        if (!metadata.describe("split.count").equals(first.metadata().describe("split.count"))) {
            throw metadata.refusal("split.count", metadata.describe("split.count") + ", the first shard says "
                    + first.metadata().describe("split.count"));
        }
    }

    private static void requireTotal(GgufTensors all, GgufFile first) throws ModelFormatException {
        int numTensors = all.tensors.size();
        int stated = first.metadata().findInt("split.tensors.count", 0, Integer.MAX_VALUE).orElse(numTensors);
        if (stated != numTensors) {
            throw first.metadata().refusal("split.tensors.count", stated + ", the shards hold " + numTensors);
        }
    }

    /** The metadata of the model: that of the first file. */
    GgufMetadata metadata() {
        return files.getFirst().metadata();
    }

    List<GgufFile> files() {
        return files;
    }

    Collection<Located> all() {
        return tensors.values();
    }

    boolean has(String name) {
        return tensors.containsKey(name);
    }

    /** The numbers of a tensor of F32, F16 or BF16 with one axis. */
    double[] numbers(String name) throws ModelFormatException {
        Located located = tensors.get(name);
        if (located == null) {
            throw new ModelFormatException(files.getFirst().path(), "tensor " + name + ": missing");
        }
        GgufTensor tensor = located.tensor;
        if (!tensor.type().isFloat() || tensor.shape().size() != 1 || tensor.numElements() > Integer.MAX_VALUE) {
            throw new ModelFormatException(located.file.path(),
                    "tensor " + name + ": is " + tensor.describe() + ", must be floats of one axis");
        }
        float[] floats = located.file.floats(tensor).toFloatArray();
        double[] numbers = new double[floats.length];
        for (int i = 0; i < floats.length; i++) {
            numbers[i] = floats[i];
        }
        return numbers;
    }

    @Override
    public void close() {
        files.forEach(GgufFile::close);
    }
}
