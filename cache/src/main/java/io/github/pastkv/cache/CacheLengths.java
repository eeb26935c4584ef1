package io.github.pastkv.cache;

import io.github.pastkv.cache.block.LayerGroup;
import io.github.pastkv.cache.mask.AttentionMask;
import java.util.Arrays;

/** The length of each layer and row of a cache, in slots and in real tokens. */
final class CacheLengths {
    private final int[] numSlots; // [L]
    private final int[][] numTokens; // [L][B]

    CacheLengths(int numLayers, int batchSize) {
        this(new int[numLayers], new int[numLayers][batchSize]);
    }

    private CacheLengths(int[] numSlots, int[][] numTokens) {
        this.numSlots = numSlots;
        this.numTokens = numTokens;
    }

    CacheLengths copy() {
        return new CacheLengths(numSlots.clone(), Arrays.stream(numTokens).map(int[]::clone).toArray(int[][]::new));
    }

    int numLayers() {
        return numSlots.length;
    }

    int batchSize() {
        return numTokens[0].length;
    }

    /** The minimum number of tokens of a row over the layers of a group. */
    int fewestTokens(LayerGroup group, int row) {
        int fewest = Integer.MAX_VALUE;
        for (int number = 0; number < group.numLayers(); number++) {
            fewest = Math.min(fewest, numTokens[group.layer(number)][row]);
        }
        return fewest;
    }

    int numSlots(int layer) {
        return numSlots[layer];
    }

    int numTokens(int layer, int row) {
        return numTokens[layer][row];
    }

    int mostSlots() {
        return Arrays.stream(numSlots).max().orElse(0);
    }

    /** The first layer that differs from layer 0, or -1. */
    int firstUnevenLayer() {
        for (int layer = 1; layer < numSlots.length; layer++) {
            if (numSlots[layer] != numSlots[0] || !Arrays.equals(numTokens[layer], numTokens[0])) {
                return layer;
            }
        }
        return -1;
    }

    void append(int fromLayer, int toLayer, AttentionMask newMask) {
        for (int layer = fromLayer; layer < toLayer; layer++) {
            numSlots[layer] += newMask.numSlots();
            for (int row = 0; row < numTokens[layer].length; row++) {
                numTokens[layer][row] += newMask.numReal(row);
            }
        }
    }

    /** Sets one row of all layers. */
    void setTokens(int row, int newNumTokens) {
        for (int[] layer : numTokens) {
            layer[row] = newNumTokens;
        }
    }

    /** Sets all layers. */
    void setSlots(int newNumSlots) {
        Arrays.fill(numSlots, newNumSlots);
    }

    void selectRows(int[] rows) {
        for (int layer = 0; layer < numTokens.length; layer++) {
            int[] before = numTokens[layer];
            numTokens[layer] = Arrays.stream(rows).map(row -> before[row]).toArray();
        }
    }

    /** Appends the rows of another cache; all layers then hold as many slots as the longer cache. */
    void addRows(CacheLengths other, int[] rows) {
        for (int layer = 0; layer < numTokens.length; layer++) {
            int numBefore = numTokens[layer].length;
            numTokens[layer] = Arrays.copyOf(numTokens[layer], numBefore + rows.length);
            for (int i = 0; i < rows.length; i++) {
                numTokens[layer][numBefore + i] = other.numTokens[layer][rows[i]];
            }
        }
        setSlots(Math.max(numSlots[0], other.numSlots[0]));
    }

    void clear() {
        setSlots(0);
        for (int[] layer : numTokens) {
            Arrays.fill(layer, 0);
        }
    }
}
