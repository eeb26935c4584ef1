package io.github.pastkv.cache.store;

import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeSet;

/** The names of the chunks of a store, in order, for {@link BlockStore#findSharing}. Not thread-safe. */
public final class ChunkNames {
    private final NavigableSet<String> names = new TreeSet<>();

    /** No names. */
    public ChunkNames() {}

    public void add(ChunkKey key) {
        names.add(key.name());
    }

    public void remove(ChunkKey key) {
        names.remove(key.name());
    }

    public void clear() {
        names.clear();
    }

    /** A chunk that shares as many leading blocks as any other with the given one, as far as names tell. */
    public Optional<ChunkKey> sharing(ChunkKey key) {
        for (String prefix : key.sharedPrefixes()) {
            String first = names.ceiling(prefix);
            if (first != null && first.startsWith(prefix)) {
                return ChunkKey.parse(first);
            }
        }
        return Optional.empty();
    }
}
