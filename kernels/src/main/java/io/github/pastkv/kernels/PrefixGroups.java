package io.github.pastkv.kernels;

/**
 * The rows of a step that have few queries, in groups of those that share a prefix ({@link SharedPrefixes}), and the
 * {@linkplain PrefixPieces pieces} that the positions of a group are cut into. A row that shares nothing is a group of
 * its own, with one piece.
 *
 * <p>Reused from layer to layer without allocation. One thread plans; then any may bind tiles.
 */
final class PrefixGroups {
    private final SharedPrefixes prefixes = new SharedPrefixes();
    private final PrefixPieces pieces = new PrefixPieces();
    private AttentionArguments arguments;
    private int numQueries;

    @SuppressWarnings("NullAway.Init") // arguments of the operation under way
    PrefixGroups() {}

    /**
     * Finds the rows of up to {@code maxRowQueries} queries and what they share; {@link #cut} follows.
     *
     * @return whether any rows share a span of positions
     */
    boolean find(AttentionArguments newArguments, int maxRowQueries) {
        arguments = newArguments;
        boolean shares = prefixes.find(arguments, maxRowQueries);
        numQueries = 0;
        for (int member = 0; member < prefixes.numMembers(); member++) {
            numQueries += prefixes.numQueries(member);
        }
        return shares;
    }

    /** Makes groups of at most {@code maxQueries} queries, or one row. */
    void cut(int maxQueries) {
        pieces.cut(prefixes, maxQueries);
    }

    /** Queries of all rows that were found. */
    int numQueries() {
        return numQueries;
    }

    int numGroups() {
        return pieces.numGroups();
    }

    /** First piece of a group; of {@code numGroups()}, the number of all. */
    int firstPiece(int group) {
        return pieces.firstPiece(group);
    }

    /** Gives a tile the queries of a group. */
    void bind(AttentionTile whole, int group, int kvHead) {
        arguments.bind(whole, prefixes.row(pieces.firstMember(group)));
        whole.startQueries(kvHead);
        for (int member = pieces.firstMember(group); member < pieces.firstMember(group + 1); member++) {
            arguments.addQueries(whole, prefixes.firstToken(member), prefixes.numQueries(member));
        }
        whole.layOutScores();
    }

    /** Makes {@code part} the queries of a piece's rows at its positions, reading the blocks of the first of them. */
    void bindPiece(AttentionTile part, AttentionTile whole, int group, int piece) {
        bindPiece(part, whole, group, piece, pieces.fromPosition(piece), pieces.toPosition(piece));
    }

    /** The same at positions {@code [from, to)} of the piece. */
    void bindPiece(AttentionTile part, AttentionTile whole, int group, int piece, int from, int to) {
        int fromQuery = 0;
        for (int member = pieces.firstMember(group); member < pieces.fromMember(piece); member++) {
            fromQuery += prefixes.numQueries(member);
        }
        int toQuery = fromQuery;
        for (int member = pieces.fromMember(piece); member < pieces.toMember(piece); member++) {
            toQuery += prefixes.numQueries(member);
        }
        part.asPartOf(whole, fromQuery, toQuery, from, to);
        arguments.readRow(part, prefixes.row(pieces.fromMember(piece)));
    }

    /** Forgets the rows of the step. */
    void clear() {
        prefixes.clear();
    }
}
