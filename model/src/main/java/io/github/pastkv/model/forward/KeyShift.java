package io.github.pastkv.model.forward;

import io.github.pastkv.cache.KvGraft;
import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.RopeTable;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.config.RopeConfig;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Turns stored keys from their positions to others a fixed distance away, layer by layer. Two turns add up, so that a
 * key turned to position p and then by d is one at p + d but for rounding: of the storage type, and of the second turn.
 *
 * <p>Owns its tables until {@link #close}; for one thread.
 */
public final class KeyShift implements KvGraft.KeyChange, AutoCloseable {
    private final ModelConfig config;
    private final Kernels kernels;
    private final int maxSeqLen;
    private final int distance;
    private final Arena arena = Arena.ofConfined();
    private final Map<RopeConfig, RopeTable> tables = new HashMap<>();

    /**
     * A shift.
     *
     * @param maxSeqLen longest row of the session, which some models' frequencies depend on
     * @param distance new position less the old one; may be negative
     */
    public KeyShift(ModelConfig config, Kernels kernels, int maxSeqLen, int distance) {
        this.config = config;
        this.kernels = kernels;
        this.maxSeqLen = maxSeqLen;
        this.distance = distance;
    }

    @Override
    public void apply(int layer, Tensor keys) {
        RopeConfig rotary = config.layer(layer).rotary();
        if (rotary == null || distance == 0) {
            return;
        }
        int numTokens = Math.toIntExact(keys.shape(0));
        int[] positions = new int[numTokens];
        Arrays.fill(positions, 1);
        kernels.applyRope(keys, config.numKvHeads(), config.headDim(), table(rotary), positions, 0, numTokens);
    }

    /** A table whose row 1 turns by the distance; keys carry the factor of long-context variants already. */
    private RopeTable table(RopeConfig rotary) {
        return tables.computeIfAbsent(rotary, _ -> {
            double[] angles = Arrays.stream(rotary.inverseFrequencies(maxSeqLen)).map(angle -> angle * distance)
                    .toArray();
            RopeTable table = new RopeTable(angles, 1, rotary.isInterleaved(), 2, arena);
            table.prepare(2);
            return table;
        });
    }

    @Override
    public void close() {
        arena.close();
    }
}
