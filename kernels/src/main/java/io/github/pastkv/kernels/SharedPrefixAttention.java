package io.github.pastkv.kernels;

/**
 * Attention of rows that share a prefix: its keys and values are read once for all of them. The idea is that of
 * Hydragen (Juravsky et al., 2024) and of FlashInfer's cascade attention, which merge the softmaxes of prefix and rest
 * and thereby change bits. Here each row keeps one softmax over all its positions and the order of its sums: first the
 * scores of all {@linkplain PrefixPieces pieces} are computed, those of a shared piece with the queries of all its rows
 * in one tile; then the softmax of each row; then the weighted values of the pieces, which ascend by position for each
 * row. So the bits are those of rows that are attended alone.
 *
 * <p>An item is a group of rows and a kv head, processed by one thread. Running it allocates nothing once buffers have
 * grown.
 */
final class SharedPrefixAttention implements AutoCloseable {
    /**
     * Tile rows of a group: with more, scores no longer fit in a near cache, and reading the prefix is a small part of
     * the work already.
     */
    private static final int MAX_TILE_ROWS = 96;
    /** Items for each thread, so that all have work. */
    private static final int ITEMS_PER_THREAD = 2;

    private final Kernels kernels;
    private final AttentionTile[] parts; // of each thread
    private final AttentionTile[] wholes; // of each thread, with the queries of a group
    private final int numKvHeads;
    private final SharedPrefixes prefixes = new SharedPrefixes();
    private final PrefixPieces pieces = new PrefixPieces();
    private AttentionArguments arguments;

    /**
     * Attention that is not under way.
     *
     * @param parts a tile for each thread, in use only while an item is processed
     * @param wholes another one for each thread, owned by this
     */
    @SuppressWarnings("NullAway.Init") // arguments of the operation under way
    SharedPrefixAttention(Kernels kernels, int numKvHeads, AttentionTile[] parts, AttentionTile[] wholes) {
        this.kernels = kernels;
        this.numKvHeads = numKvHeads;
        this.parts = parts;
        this.wholes = wholes;
    }

    /**
     * Finds groups among the rows of up to {@code maxRowQueries} queries.
     *
     * @return whether any rows share a span of positions; the groups hold all rows of so few queries then
     */
    boolean plan(AttentionArguments newArguments, int maxRowQueries) {
        arguments = newArguments;
        if (!prefixes.find(arguments, maxRowQueries)) {
            prefixes.clear();
            return false;
        }
        int numQueries = 0;
        for (int member = 0; member < prefixes.numMembers(); member++) {
            numQueries += prefixes.numQueries(member);
        }
        int fewestGroups = Math.ceilDiv(parts.length * ITEMS_PER_THREAD, numKvHeads);
        int maxQueries = MAX_TILE_ROWS / parts[0].gqaGroupSize();
        pieces.cut(prefixes, Math.min(maxQueries, Math.ceilDiv(numQueries, fewestGroups)));
        return true;
    }

    /** Groups times kv heads. */
    int numItems() {
        return pieces.numGroups() * numKvHeads;
    }

    /** Attends for one group in one kv head. */
    void run(int item, int worker) {
        int group = item / numKvHeads;
        AttentionTile whole = wholes[worker];
        bind(whole, group, item % numKvHeads);
        for (int piece = pieces.firstPiece(group); piece < pieces.firstPiece(group + 1); piece++) {
            kernels.qkScores(part(worker, group, piece));
        }
        kernels.softmax(whole);
        for (int piece = pieces.firstPiece(group); piece < pieces.firstPiece(group + 1); piece++) {
            kernels.weightedValues(part(worker, group, piece));
        }
    }

    private void bind(AttentionTile whole, int group, int kvHead) {
        arguments.bind(whole, prefixes.row(pieces.firstMember(group)));
        whole.startQueries(kvHead);
        for (int member = pieces.firstMember(group); member < pieces.firstMember(group + 1); member++) {
            arguments.addQueries(whole, prefixes.firstToken(member), prefixes.numQueries(member));
        }
        whole.layOutScores();
    }

    /** The queries of a piece's members at its positions, reading the blocks of the first of them. */
    private AttentionTile part(int worker, int group, int piece) {
        int fromQuery = 0;
        for (int member = pieces.firstMember(group); member < pieces.fromMember(piece); member++) {
            fromQuery += prefixes.numQueries(member);
        }
        int toQuery = fromQuery;
        for (int member = pieces.fromMember(piece); member < pieces.toMember(piece); member++) {
            toQuery += prefixes.numQueries(member);
        }
        AttentionTile part = parts[worker];
        part.asPartOf(wholes[worker], fromQuery, toQuery, pieces.fromPosition(piece), pieces.toPosition(piece));
        arguments.readRow(part, prefixes.row(pieces.fromMember(piece)));
        return part;
    }

    /** Forgets the rows of the step. */
    void clear() {
        prefixes.clear();
    }

    @Override
    public void close() {
        for (AttentionTile whole : wholes) {
            whole.close();
        }
    }
}
