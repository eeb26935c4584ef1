package io.github.pastkv.cache;

import io.github.pastkv.cache.prefix.PrefixNamespace;

/**
 * What a block of a pool is used for.
 *
 * @param bytes size of the block, which differs between layer groups
 * @param tenant whose text it holds, as its {@linkplain PrefixNamespace#tenant namespace} says; empty for a free block,
 *        for one of nobody, and until the end of the step that writes it
 */
public record BlockUse(State state, long bytes, String tenant) {
    /** The states of a block. */
    public enum State {
        /** Of no use. */
        FREE,
        /** Held by no one, found by the index. */
        CACHED,
        /** Held once. */
        HELD,
        /** Held by several, such as two requests with the same prefix. */
        SHARED
    }
}
