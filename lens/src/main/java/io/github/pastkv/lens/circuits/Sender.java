package io.github.pastkv.lens.circuits;

/**
 * A part of the model that writes to the residual stream.
 *
 * @param kind what it is
 * @param layer its layer; 0 for the embeddings
 * @param head its query head; 0 where it is no head
 */
public record Sender(Kind kind, int layer, int head) {
    /** Kinds of senders. */
    public enum Kind {
        /** The stream that enters the first layer: token and position embeddings together. */
        EMBED,
        /** A query head's output, through its part of the output projection, without the bias. */
        HEAD,
        /** What a feed-forward block adds. */
        MLP
    }

    /** {@code embed}, {@code a1.3} (layer 1, head 3) or {@code m1}. */
    public String name() {
        return switch (kind) {
            case EMBED -> "embed";
            case HEAD -> "a" + layer + "." + head;
            case MLP -> "m" + layer;
        };
    }
}
