package io.github.pastkv.model.families.tensors;

import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.Mxfp4;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads a projection of all experts that is stored in MXFP4: {@code NAME_blocks}, bytes {@code [X, outputs, inputs /
 * 32, 16]}, and {@code NAME_scales}, bytes {@code [X, outputs, inputs / 32]}. Outputs come first, other than in the
 * unpacked tensor.
 */
final class Mxfp4Experts {
    static final String BLOCKS_SUFFIX = "_blocks";
    private static final String SCALES_SUFFIX = "_scales";

    private Mxfp4Experts() {}

    /** The weight {@code [outputs, inputs]} of each expert. */
    static List<WeightMatrix> read(TensorReader reader, String name, int numExperts, int outputs, int inputs)
            throws ModelFormatException {
        long numGroups = Math.ceilDiv(inputs, Mxfp4.FORMAT.groupSize());
        MemorySegment blocks = reader.bytes(name + BLOCKS_SUFFIX, numExperts, outputs, numGroups, 16);
        MemorySegment scales = reader.bytes(name + SCALES_SUFFIX, numExperts, outputs, numGroups);
        WeightMatrix all = new WeightMatrix.Grouped(Mxfp4.FORMAT, (long) numExperts * outputs, inputs,
                (output, row) -> Mxfp4.read(blocks, scales, output, row), null);
        reader.addLinear(name + BLOCKS_SUFFIX, all);
        List<WeightMatrix> matrices = new ArrayList<>();
        for (long expert = 0; expert < numExperts; expert++) {
            matrices.add(all.outputs(expert * outputs, (expert + 1) * outputs));
        }
        return matrices;
    }
}
