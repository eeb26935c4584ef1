package io.github.pastkv.model.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The tokens of a vocabulary that are text, as a tree by the bytes that they add to a text. Control tokens, the token
 * for unknown text and ids without a token are not in it; several ids may have the same bytes.
 *
 * <p>Nodes are numbered in the order of their bytes, each before those that it begins, so a walk is a loop over the
 * numbers that skips subtrees. Node 0 is the root. Immutable, safe for any number of threads.
 */
public final class TokenTrie {
    private final byte[] labels; // last byte of a node
    private final int[] depths;
    private final int[] subtreeEnds; // number of the first node behind those that begin with this one
    private final int[] firstTokens; // places in `ids` of the tokens of a node, up to those of the next node
    private final int[] ids; // in the order of their bytes
    private final int maxDepth;
    private final Vocabulary vocabulary;

    private TokenTrie(Builder builder, int[] ids, Vocabulary vocabulary) {
        int numNodes = builder.numNodes;
        this.labels = Arrays.copyOf(builder.labels, numNodes);
        this.depths = Arrays.copyOf(builder.depths, numNodes);
        this.subtreeEnds = Arrays.copyOf(builder.subtreeEnds, numNodes);
        this.firstTokens = Arrays.copyOf(builder.firstTokens, numNodes + 1);
        firstTokens[numNodes] = ids.length;
        this.ids = ids;
        this.maxDepth = Arrays.stream(depths).max().orElse(0);
        this.vocabulary = vocabulary;
    }

    /**
     * The tree of a vocabulary.
     *
     * @throws IllegalArgumentException if the tokenizer's decoder is of a kind whose tokens have no fixed bytes
     */
    static TokenTrie of(Vocabulary vocabulary) {
        TokenDecoder decoder = vocabulary.decoder();
        if (decoder.unknownType() != null) {
            throw new IllegalArgumentException("tokenizer: its decoder (" + decoder.unknownType()
                    + ") gives tokens no bytes of their own, which grammars need");
        }
        List<Token> tokens = new ArrayList<>();
        for (int id = 0; id < vocabulary.size(); id++) {
            if (isIn(vocabulary, id)) {
                tokens.add(new Token(id, vocabulary.bytes(id)));
            }
        }
        tokens.sort((one, other) -> Arrays.compareUnsigned(one.bytes(), other.bytes()));
        Builder builder = new Builder();
        tokens.forEach(token -> builder.add(token.bytes()));
        builder.close(0);
        return new TokenTrie(builder, tokens.stream().mapToInt(Token::id).toArray(), vocabulary);
    }

    private static boolean isIn(Vocabulary vocabulary, int id) {
        return vocabulary.isText(id) && !vocabulary.token(id).orElseThrow().isEmpty();
    }

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Token(int id, byte[] bytes) {}

    public int numNodes() {
        return labels.length;
    }

    /** Number of tokens in the tree. */
    public int numTokens() {
        return ids.length;
    }

    /** The last byte of a node, unsigned. */
    public int label(int node) {
        return labels[node] & 0xFF;
    }

    /** Number of bytes of a node. */
    public int depth(int node) {
        return depths[node];
    }

    /** The bytes of the longest token. */
    public int maxDepth() {
        return maxDepth;
    }

    /** The first node behind those that begin with the bytes of this one. */
    public int subtreeEnd(int node) {
        return subtreeEnds[node];
    }

    /** Place of the first token with exactly the bytes of a node; those of the next node follow. */
    public int firstToken(int node) {
        return firstTokens[node];
    }

    /** The id of the token at a place. */
    public int id(int place) {
        return ids[place];
    }

    /** The node for one more byte, or -1. */
    public int child(int node, int value) {
        int child = node + 1;
        while (child < subtreeEnds[node]) {
            if (label(child) == value) {
                return child;
            }
            child = subtreeEnds[child];
        }
        return -1;
    }

    /** Whether a token is in the tree. */
    public boolean contains(int id) {
        return isIn(vocabulary, id);
    }

    /** The bytes of a token in the tree. */
    public byte[] bytes(int id) {
        return vocabulary.bytes(id);
    }

    /** Whether the tokenizer takes a space away that a whole text begins with. */
    public boolean stripsFirstSpace() {
        return vocabulary.decoder().stripsFirstSpace();
    }

    /** Nodes in the making; the path to the last one is open. */
    private static final class Builder {
        private byte[] labels = new byte[1024];
        private int[] depths = new int[1024];
        private int[] subtreeEnds = new int[1024];
        private int[] firstTokens = new int[1025];
        private int numNodes = 1;
        private int numTokens;
        private byte[] last = new byte[0];
        private int[] path = new int[1]; // node of each prefix of the last token

        void add(byte[] bytes) {
            int mismatch = Arrays.mismatch(last, bytes);
            int common = mismatch < 0 ? bytes.length : mismatch;
            close(common + 1);
            path = path.length <= bytes.length ? Arrays.copyOf(path, 2 * bytes.length + 1) : path;
            for (int depth = common + 1; depth <= bytes.length; depth++) {
                path[depth] = addNode(bytes[depth - 1], depth);
            }
            last = bytes;
            numTokens++;
        }

        /** Ends the subtrees of the open nodes from a depth on. */
        void close(int fromDepth) {
            for (int depth = fromDepth; depth <= last.length; depth++) {
                subtreeEnds[path[depth]] = numNodes;
            }
        }

        private int addNode(byte label, int depth) {
            if (numNodes == labels.length) {
                labels = Arrays.copyOf(labels, 2 * numNodes);
                depths = Arrays.copyOf(depths, 2 * numNodes);
                subtreeEnds = Arrays.copyOf(subtreeEnds, 2 * numNodes);
                firstTokens = Arrays.copyOf(firstTokens, 2 * numNodes + 1);
            }
            labels[numNodes] = label;
            depths[numNodes] = depth;
            firstTokens[numNodes] = numTokens;
            return numNodes++;
        }
    }
}
