package io.github.pastkv.kernels;

/**
 * Attention of rows that share a prefix: its keys and values are read once for all of them. The idea is that of
 * Hydragen (Juravsky et al., 2024) and of FlashInfer's cascade attention, which merge the softmaxes of prefix and rest
 * and thereby change bits. Here each row keeps one softmax over all its positions and the order of its sums: first the
 * scores of all {@linkplain PrefixPieces pieces} are computed, those of a shared piece with the queries of all its rows
 * in one tile; then the softmax of each row; then the weighted values of the pieces, which ascend by position for each
 * row. So the bits are those of rows that are attended alone.
 *
 * <p>An item is a group of rows and a kv head, processed by one thread; {@link SplitAttention} is for groups that are
 * too few. Running an item allocates nothing once buffers have grown.
 */
final class SharedPrefixAttention implements AutoCloseable {
    private final Kernels kernels;
    private final PrefixGroups groups;
    private final AttentionTile[] parts; // of each thread
    private final AttentionTile[] wholes; // of each thread, with the queries of a group
    private final int numKvHeads;

    /**
     * Attention over groups that are planned before each use.
     *
     * @param parts a tile for each thread, in use only while an item is processed
     * @param wholes another one for each thread, owned by this
     */
    SharedPrefixAttention(Kernels kernels, int numKvHeads, PrefixGroups groups, AttentionTile[] parts,
            AttentionTile[] wholes) {
        this.kernels = kernels;
        this.numKvHeads = numKvHeads;
        this.groups = groups;
        this.parts = parts;
        this.wholes = wholes;
    }

    /** Groups times kv heads. */
    int numItems() {
        return groups.numGroups() * numKvHeads;
    }

    /** Attends for one group in one kv head. */
    void run(int item, int worker) {
        int group = item / numKvHeads;
        AttentionTile whole = wholes[worker];
        AttentionTile part = parts[worker];
        groups.bind(whole, group, item % numKvHeads);
        for (int piece = groups.firstPiece(group); piece < groups.firstPiece(group + 1); piece++) {
            groups.bindPiece(part, whole, group, piece);
            kernels.qkScores(part);
        }
        kernels.softmax(whole);
        for (int piece = groups.firstPiece(group); piece < groups.firstPiece(group + 1); piece++) {
            groups.bindPiece(part, whole, group, piece);
            kernels.weightedValues(part);
        }
    }

    @Override
    public void close() {
        for (AttentionTile whole : wholes) {
            whole.close();
        }
    }
}
