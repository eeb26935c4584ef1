package io.github.pastkv.testkit.reference;

import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.SafetensorsFile;
import io.github.pastkv.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** All tensors of a golden safetensors file, read to the heap. I/O failures are unchecked, as this is for tests. */
public final class GoldenTensors {
    private final Map<String, Tensor> floats = new HashMap<>();
    private final Map<String, long[]> integers = new HashMap<>();
    private final Map<String, List<Long>> shapes = new HashMap<>();

    private GoldenTensors() {}

    /** Reads a whole file. */
    public static GoldenTensors read(Path file) {
        GoldenTensors tensors = new GoldenTensors();
        try (SafetensorsFile open = SafetensorsFile.open(file)) {
            for (String name : open.names()) {
                tensors.take(open, name);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return tensors;
    }

    private void take(SafetensorsFile file, String name) throws ModelFormatException {
        shapes.put(name, file.entry(name).shape());
        if (file.entry(name).dtype().equals("I64")) {
            integers.put(name, file.longs(name));
        } else {
            Tensor view = file.tensor(name);
            floats.put(name, Tensor.of(view.toFloatArray(), view.shape()));
        }
    }

    /** A tensor of floats. */
    public Tensor floats(String name) {
        return require(floats, name);
    }

    /** The names of all tensors of floats. */
    public Set<String> floatNames() {
        return floats.keySet();
    }

    /** A row of integers. */
    public int[] ints(String name) {
        return Arrays.stream(require(integers, name)).mapToInt(Math::toIntExact).toArray();
    }

    /** Rows of integers. */
    public int[][] intRows(String name) {
        int[] all = ints(name);
        int width = Math.toIntExact(require(shapes, name).get(1));
        int[][] rows = new int[all.length / width][];
        Arrays.setAll(rows, row -> Arrays.copyOfRange(all, row * width, (row + 1) * width));
        return rows;
    }

    /** A mask of integers, 1 for real. */
    public AttentionMask mask(String name) {
        return AttentionMask.of(intRows(name));
    }

    private static <T> T require(Map<String, T> map, String name) {
        T found = map.get(name);
        if (found == null) {
            throw new IllegalArgumentException("no tensor " + name + " among " + map.keySet());
        }
        return found;
    }
}
