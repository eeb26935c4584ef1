package io.github.pastkv.model.gguf;

/**
 * The order of the rows of a linear weight, or of the numbers of its bias, in a GGUF file whose converter permuted
 * them.
 *
 * <p>Shapes: H query heads, K key/value heads, D numbers of a head.
 */
enum RowOrder {
    /** As Hugging Face's checkpoints have them. */
    SAME {
        @Override
        long fileRow(long row, Heads heads) {
            return row;
        }
    },
    /**
     * Heads of D rows, in which the two dimensions that RoPE rotates together are neighbors, {@code [D / 2, 2]};
     * Hugging Face has the first of all pairs, then the second, {@code [2, D / 2]}.
     */
    ROTARY_PAIRS {
        @Override
        long fileRow(long row, Heads heads) {
            int d = heads.headDim();
            long inHead = row % d;
            long pair = inHead % (d / 2);
            long second = inHead / (d / 2);
            return row - inHead + 2 * pair + second;
        }
    },
    /** All queries, then all keys, then all values; Hugging Face has {@code [K, (H / K queries, key, value), D]}. */
    QKV_APART {
        @Override
        long fileRow(long row, Heads heads) {
            int d = heads.headDim();
            int perGroup = heads.numHeads() / heads.numKvHeads();
            long group = row / ((perGroup + 2L) * d);
            long slot = row / d % (perGroup + 2);
            long inHead = row % d;
            if (slot < perGroup) {
                return (group * perGroup + slot) * d + inHead;
            }
            long keysBefore = slot == perGroup ? 0 : heads.numKvHeads();
            return (heads.numHeads() + keysBefore + group) * d + inHead;
        }
    };

    /** The shape of attention. */
    record Heads(int numHeads, int numKvHeads, int headDim) {}

    /** The row of the file that holds row {@code row} of Hugging Face's weight. */
    abstract long fileRow(long row, Heads heads);
}
