package io.github.pastkv.model.forward;

import io.github.pastkv.cache.KvGraft;
import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.RopeTable;
import io.github.pastkv.model.config.LatentConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.config.RopeConfig;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Re-rotates stored keys (RoPE) from their positions to others at a fixed distance, layer by layer. Rotations add up,
 * so a key at position p rotated by d equals a key at p + d up to rounding: that of the storage type, and that of the
 * second rotation.
 *
 * <p>Owns its tables until {@link #close}; for one thread.
 */
public final class KeyShift implements KvGraft.KeyChange, AutoCloseable {
    private final ModelConfig config;
    private final Kernels kernels;
    private final int maxSeqLen;
    private final int distance;
    private final Arena arena;
    private final Map<RopeConfig, RopeTable> tables = new HashMap<>();

    /**
     * A shift of all tokens by the distance of two positions.
     *
     * @param maxSeqLen longest row of the session, which some models' frequencies depend on
     * @param fromPosition where the first token is, in messages {@code fromToken}
     * @throws IllegalArgumentException if this model's keys cannot be moved to another position
     */
    public KeyShift(ModelConfig config, Kernels kernels, int maxSeqLen, int fromPosition, int toPosition) {
        requireMovable(config, fromPosition, toPosition);
        this.config = config;
        this.kernels = kernels;
        this.maxSeqLen = maxSeqLen;
        this.distance = toPosition - fromPosition;
        this.arena = Arena.ofConfined();
    }

    private static void requireMovable(ModelConfig config, int fromPosition, int toPosition) {
        String move = "fromToken: " + fromPosition + " would come to position " + toPosition + ", but this model's ";
        if (fromPosition != toPosition && config.embedding().learnedPositions()) {
            throw new IllegalArgumentException(move + "positions are learned and cannot be corrected");
        }
        if (fromPosition != toPosition && config.attention().normAfterRope()) {
            throw new IllegalArgumentException(move + "keys are normalized after RoPE and cannot be corrected");
        }
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
        LatentConfig latent = config.attention().latent();
        if (latent == null) {
            kernels.applyRope(keys, config.numKvHeads(), config.headDim(), table(rotary), positions, 0, numTokens);
        } else {
            RopeConfig stored = latent.splitsPairs()
                    ? new RopeConfig(rotary.rotaryDim(), rotary.theta(), rotary.scaling())
                    : rotary;
            kernels.applyRope(keys.narrow(1, latent.latentDim(), latent.cachedDim()), 1, latent.rotaryDim(),
                    table(stored), positions, 0, numTokens);
        }
    }

    /**
     * A table whose row 1 rotates by the distance; keys already include the attention factor of long-context variants.
     */
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
