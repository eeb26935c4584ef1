package io.github.pastkv.model.config;

/** How the outputs of blocks are added to the residual stream. */
public enum Residual {
    /** Attention reads the stream and adds to it, then the feed-forward block does. */
    SERIAL,
    /** Both blocks read the same stream; what attention adds comes first. */
    PARALLEL,
    /** As {@link #SERIAL}, but the norm before a block replaces the stream itself, so that the block adds to it. */
    NORMED
}
