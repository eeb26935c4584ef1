package io.github.pastkv.cache.radix;

import io.github.pastkv.cache.prefix.PrefixNamespace;
import io.github.pastkv.cache.store.BlockKey;
import io.github.pastkv.cache.store.BlockStore;

/**
 * The store beneath an index.
 *
 * @param storage all that decides how a block's bytes are laid out and rounded, part of every key
 * @param maxQueueBytes most bytes of blocks that wait to be written
 */
public record StoreBinding(BlockStore store, String storage, long maxQueueBytes) {
    BlockKey rootKey(PrefixNamespace namespace) {
        return BlockKey.root(namespace, storage);
    }
}
