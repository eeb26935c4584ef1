package io.github.pastkv.lens.circuits;

/**
 * A part of the model that reads the residual stream.
 *
 * @param kind what it is
 * @param layer its layer; the number of layers for the output
 * @param head its query head, or its kv head for keys and values; 0 where it is no head
 */
public record Receiver(Kind kind, int layer, int head) {
    /** Kinds of receivers. */
    public enum Kind {
        /** The stream that a query head's queries are made from. */
        QUERY("q"),
        /** The stream that a kv head's keys are made from. */
        KEY("k"),
        /** The stream that a kv head's values are made from. */
        VALUE("v"),
        /** The stream that a feed-forward block reads. */
        MLP("m"),
        /** The stream behind all layers, which final norm and head read. */
        OUTPUT("output");

        private final String letter;

        Kind(String letter) {
            this.letter = letter;
        }

        /** Whether it is a part of attention. */
        public boolean isAttention() {
            return this == QUERY || this == KEY || this == VALUE;
        }
    }

    /** {@code q1.3}, {@code k1.0} (kv head), {@code v1.0}, {@code m1} or {@code output}. */
    public String name() {
        return switch (kind) {
            case QUERY, KEY, VALUE -> kind.letter + layer + "." + head;
            case MLP -> kind.letter + layer;
            case OUTPUT -> kind.letter;
        };
    }
}
