package io.github.pastkv.cache;

import io.github.pastkv.cache.check.Require;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.tensor.Tensor;
import java.util.Arrays;

/**
 * Inserts keys and values of one cache into another: layers, tokens or rows. The result is
 * {@linkplain KvCache#markDerived derived}: it can be used, forked and rewound, but is never indexed, as it differs
 * from what the model would compute from the preceding tokens.
 */
public final class KvGraft {
    private KvGraft() {}

    /** Transforms keys that move to other positions; models with RoPE re-rotate them. */
    @FunctionalInterface
    public interface KeyChange {
        /** Keys stay unchanged. */
        KeyChange NONE = (_, _) -> {};

        /**
         * Changes keys in place.
         *
         * @param keys F32 {@code [n, K * D]} of one layer
         */
        void apply(int layer, Tensor keys);
    }

    /** Tokens {@code [from, to)} of a row. */
    public record Tokens(KvCache cache, int row, int from, int to) {
        public Tokens {
            Require.index("row", row, cache.batchSize());
            if (from < 0 || from > to || to > cache.numTokens(row)) {
                throw new IllegalArgumentException("tokens: [" + from + ", " + to + "), row " + row + " holds "
                        + cache.numTokens(row) + " tokens");
            }
        }
    }

    /**
     * Appends tokens of another cache (or of the same) to a row; the other rows get padding. Types are converted.
     *
     * @param target not frozen
     * @param keyChange transformation of the keys to their new positions
     * @throws IllegalArgumentException for another shape, or tokens that a windowed layer has evicted
     * @throws PoolExhaustedException when the pool has too few blocks; nothing has changed
     */
    public static void appendTokens(KvCache target, int row, Tokens tokens, KeyChange keyChange) {
        Require.index("row", row, target.batchSize());
        GraftChecks.requireSameShape(target, tokens.cache);
        GraftChecks.requireNotFrozen(target);
        int count = tokens.to - tokens.from;
        for (int layer = 0; layer < target.numLayers(); layer++) {
            GraftChecks.requireHeld(tokens, layer);
        }
        int firstNew = target.numTokens(row);
        boolean isLatent = target.config().shape().isLatent();
        int[][] mask = new int[target.batchSize()][count];
        Arrays.fill(mask[row], 1);
        try (KvStep step = target.beginStep(AttentionMask.of(mask))) {
            for (int layer = 0; layer < target.numLayers(); layer++) {
                Tensor keys = read(tokens, layer, true);
                keyChange.apply(layer, keys);
                step.write(layer, keys, isLatent ? keys : read(tokens, layer, false), 0, 0, count);
            }
            step.commit();
        }
        target.markDerived(row, firstNew);
    }

    private static Tensor read(Tokens tokens, int layer, boolean ofKeys) {
        KvShape shape = tokens.cache.config().shape();
        int width = shape.numKvHeads() * shape.headDim();
        int count = tokens.to - tokens.from;
        Tensor numbers = Tensor.zeros(count, width);
        for (int i = 0; i < count; i++) {
            for (int column = 0; column < width; column++) {
                numbers.set(tokens.cache.read(layer, tokens.row, ofKeys, tokens.from + i, column / shape.headDim(),
                        column % shape.headDim()), i, column);
            }
        }
        return numbers;
    }

    /**
     * Replaces the keys and values of some layers, for all tokens of all rows, by those of another cache of equal
     * shape, rows and lengths.
     *
     * @throws IllegalArgumentException for another shape, other lengths, or tokens that the source has evicted
     * @throws PoolExhaustedException when the pool has too few blocks for copies; nothing has changed
     */
    public static void replaceLayers(KvCache target, KvCache source, int... layers) {
        GraftChecks.requireSameShape(target, source);
        GraftChecks.requireNotFrozen(target);
        target.config().requireBatch("source", source.batchSize());
        for (int layer : layers) {
            Require.index("layer", layer, target.numLayers());
            for (int row = 0; row < target.batchSize(); row++) {
                GraftChecks.requireLike(target, source, layer, row);
            }
        }
        try (KvEdit edit = target.beginEdit(new int[target.batchSize()])) {
            for (int layer : layers) {
                for (int row = 0; row < target.batchSize(); row++) {
                    replaceRow(edit, target, source, layer, row);
                }
            }
            edit.commit();
        }
    }

    private static void replaceRow(KvEdit edit, KvCache target, KvCache source, int layer, int row) {
        KvShape shape = target.config().shape();
        for (int position = 0; position < target.numTokens(row); position++) {
            for (int head = 0; head < shape.numKvHeads() && target.holds(layer, row, position); head++) {
                edit.setKey(layer, row, position, head, head(source, layer, row, true, position, head));
                if (!shape.isLatent()) {
                    edit.setValue(layer, row, position, head, head(source, layer, row, false, position, head));
                }
            }
        }
    }

    /** The key or value of one head, widened. */
    static float[] head(KvCache cache, int layer, int row, boolean ofKeys, int position, int kvHead) {
        float[] numbers = new float[cache.config().shape().headDim()];
        for (int dim = 0; dim < numbers.length; dim++) {
            numbers[dim] = cache.read(layer, row, ofKeys, position, kvHead, dim);
        }
        return numbers;
    }

    /**
     * Appends rows of another cache of the same pool: blocks are shared and nothing is copied. Shorter rows are padded
     * at the end.
     *
     * @throws IllegalArgumentException for a cache of another pool, or rows that it does not have
     */
    public static void addRows(KvCache target, KvCache source, int... rows) {
        if (source.pool() != target.pool()) {
            throw new IllegalArgumentException("source: a cache of another pool; open both from one KvPool");
        }
        GraftChecks.requireNotFrozen(target);
        Require.positive("rows.length", rows.length);
        for (int row : rows) {
            Require.index("row", row, source.batchSize());
        }
        target.addRowsOf(source, rows);
    }
}
