package io.github.pastkv.model.families.tensors;

import io.github.pastkv.kernels.weights.WeightMatrix;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The joined projection of CodeGen: four blocks of heads, each with its queries, then its values, then its keys. */
final class FourBlocks {
    private static final int NUM_BLOCKS = 4;

    private FourBlocks() {}

    /** The parts in the order of queries, keys and values, each of {@code width} outputs in all. */
    static List<WeightMatrix> split(WeightMatrix stored, int width) {
        List<WeightMatrix> queries = new ArrayList<>();
        List<WeightMatrix> keys = new ArrayList<>();
        List<WeightMatrix> values = new ArrayList<>();
        long third = width / NUM_BLOCKS;
        for (int block = 0; block < NUM_BLOCKS; block++) {
            long first = 3L * block * third;
            queries.add(stored.outputs(first, first + third));
            values.add(stored.outputs(first + third, first + 2 * third));
            keys.add(stored.outputs(first + 2 * third, first + 3 * third));
        }
        return Stream.of(queries, keys, values).flatMap(List::stream).toList();
    }
}
