package io.github.pastkv.cache;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What a cache ought to be, without blocks: for each layer and row a list of tokens, each an array of its key's and its
 * value's numbers, and for each row a list of mask bits.
 */
final class NaiveCache {
    private final List<List<List<float[]>>> layers = new ArrayList<>(); // [L][B][tokens][2 * K * D]
    final int[] numSlots; // [L]
    private List<List<Integer>> mask; // [B][slots]

    NaiveCache(int numLayers, int batchSize) {
        numSlots = new int[numLayers];
        for (int layer = 0; layer < numLayers; layer++) {
            layers.add(emptyRows(batchSize));
        }
        mask = emptyRows(batchSize);
    }

    /** A copy that can change apart. */
    NaiveCache copy() {
        NaiveCache copy = new NaiveCache(layers.size(), batchSize());
        int[] allRows = IntStream.range(0, batchSize()).toArray();
        for (int layer = 0; layer < layers.size(); layer++) {
            copy.layers.set(layer, selected(layers.get(layer), allRows));
            copy.numSlots[layer] = numSlots[layer];
        }
        copy.mask = selected(mask, allRows);
        return copy;
    }

    private static <T> List<List<T>> emptyRows(int batchSize) {
        List<List<T>> rows = new ArrayList<>();
        for (int row = 0; row < batchSize; row++) {
            rows.add(new ArrayList<>());
        }
        return rows;
    }

    int batchSize() {
        return mask.size();
    }

    int maskSlots() {
        return mask.getFirst().size();
    }

    int numTokens(int layer, int row) {
        return layers.get(layer).get(row).size();
    }

    /** Real where nothing else was said. */
    boolean isReal(int row, int slot) {
        return slot >= mask.get(row).size() || mask.get(row).get(slot) == 1;
    }

    void appendMask(int[][] bits) {
        for (int row = 0; row < bits.length; row++) {
            for (int bit : bits[row]) {
                mask.get(row).add(bit);
            }
        }
    }

    /** Slots up to {@code slots} were real. */
    void extendMask(int slots) {
        for (List<Integer> row : mask) {
            while (row.size() < slots) {
                row.add(1);
            }
        }
    }

    void addToken(int layer, int row, float[] numbers) {
        layers.get(layer).get(row).add(numbers);
    }

    void truncate(int newNumSlots) {
        for (int row = 0; row < batchSize(); row++) {
            int kept = 0;
            for (int slot = 0; slot < newNumSlots; slot++) {
                kept += isReal(row, slot) ? 1 : 0;
            }
            for (List<List<float[]>> layer : layers) {
                layer.get(row).subList(kept, layer.get(row).size()).clear();
            }
            List<Integer> bits = mask.get(row);
            bits.subList(Math.min(newNumSlots, bits.size()), bits.size()).clear();
        }
        Arrays.fill(numSlots, newNumSlots);
    }

    void selectRows(int[] rows) {
        layers.replaceAll(layer -> selected(layer, rows));
        mask = selected(mask, rows);
    }

    private static <T> List<List<T>> selected(List<List<T>> all, int[] rows) {
        List<List<T>> chosen = new ArrayList<>();
        for (int row : rows) {
            chosen.add(new ArrayList<>(all.get(row)));
        }
        return chosen;
    }

    void reset() {
        truncate(0);
    }

    int[][] maskBits() {
        return mask.stream().map(row -> row.stream().mapToInt(Integer::intValue).toArray()).toArray(int[][]::new);
    }

    /** Keys or values of a layer as a view shows them: {@code [B, slots, K * D]} in row-major order, zeros at pads. */
    float[] view(int layer, boolean ofKeys, int width) {
        float[] numbers = new float[batchSize() * numSlots[layer] * width];
        for (int row = 0; row < batchSize(); row++) {
            int token = 0;
            for (int slot = 0; slot < numSlots[layer]; slot++) {
                if (isReal(row, slot)) {
                    System.arraycopy(layers.get(layer).get(row).get(token++), ofKeys ? 0 : width, numbers,
                            (row * numSlots[layer] + slot) * width, width);
                }
            }
        }
        return numbers;
    }
}
