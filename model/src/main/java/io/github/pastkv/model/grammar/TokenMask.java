package io.github.pastkv.model.grammar;

/**
 * The tokens that may follow in a state, as a set of ids. Filled once, then immutable.
 *
 * <p>Holds one bit per id, {@code [V]}.
 */
final class TokenMask {
    private final long[] words;
    private int size;

    TokenMask(int vocabSize) {
        this.words = new long[Math.ceilDiv(vocabSize, Long.SIZE)];
    }

    void add(int id) {
        words[id / Long.SIZE] |= 1L << id;
        size++;
    }

    boolean contains(int id) {
        return id / Long.SIZE < words.length && (words[id / Long.SIZE] & (1L << id)) != 0;
    }

    /** Number of ids; each was added once. */
    int size() {
        return size;
    }

    /** Sets the logits of all other ids to minus infinity. */
    void apply(double[] logits) {
        for (int from = 0; from < logits.length; from += Long.SIZE) {
            long word = from / Long.SIZE < words.length ? words[from / Long.SIZE] : 0;
            int to = Math.min(logits.length, from + Long.SIZE);
            for (int id = from; word != -1 && id < to; id++) {
                if ((word & (1L << id)) == 0) {
                    logits[id] = Double.NEGATIVE_INFINITY;
                }
            }
        }
    }
}
