package io.github.pastkv.cache.radix;

import io.github.pastkv.cache.prefix.PrefixNamespace;
import io.github.pastkv.cache.store.BlockKey;
import io.github.pastkv.cache.store.BlockOrigin;
import io.github.pastkv.cache.store.BlockStore;
import io.github.pastkv.cache.store.StoreWrites;
import java.util.Map;
import java.util.TreeMap;

/**
 * A store attached to an index.
 *
 * @param storage everything that determines the layout and rounding of a block's bytes; part of every key
 * @param fields the same in words, for whoever reads a chunk
 * @param maxQueueBytes limit of blocks that wait to be written, in bytes
 * @param chunkBlocks blocks of a complete chunk; chunks begin at multiples of it
 * @param writes when blocks are written
 */
public record StoreBinding(BlockStore store, String storage, Map<String, String> fields, long maxQueueBytes,
        int chunkBlocks, StoreWrites writes) {
    BlockKey rootKey(PrefixNamespace namespace) {
        return BlockKey.root(namespace, storage);
    }

    /** What blocks of a namespace are of. */
    BlockOrigin origin(PrefixNamespace namespace) {
        Map<String, String> all = new TreeMap<>(namespace.fields());
        all.putAll(fields);
        all.put("namespace", namespace.digest());
        return BlockOrigin.of(all).ofTenant(namespace.tenant());
    }
}
