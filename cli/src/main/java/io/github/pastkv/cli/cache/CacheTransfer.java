package io.github.pastkv.cli.cache;

import io.github.pastkv.cache.store.BlockStore;
import io.github.pastkv.store.CacheTier;
import io.github.pastkv.store.TierContents;
import io.github.pastkv.store.TierContents.Chunk;
import io.github.pastkv.store.TierUri;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Copies texts from a tier to a file, and from a file to a tier. */
final class CacheTransfer {
    private CacheTransfer() {}

    /** Puts the chunks of a file into a tier, and says how many they are. */
    static String importFile(Path file, CacheTier tier, TierUri uri) throws IOException {
        requireRoom(tier, uri, file);
        int numChunks =
                TierContents.importFile(file, tier, uri.count("chunk", BlockStore.DEFAULT_CHUNK_TOKENS)).size();
        return "imported " + numChunks + " chunks of " + file + " into " + tier.name();
    }

    /** Where nobody has said how large a tier may be, the default must not shrink one that is larger. */
    private static void requireRoom(CacheTier tier, TierUri uri, Path file) throws IOException {
        long bytes = tier.stats().bytes();
        if (uri.scheme().equals("file") && !uri.options().containsKey("max")
                && bytes > tier.stats().maxBytes() - Files.size(file)) {
            throw new IllegalArgumentException("URI: " + uri + " holds " + bytes + " bytes; give its max");
        }
    }

    /**
     * Writes the text whose key begins with {@code key} to a file, and says how long it is. A text's last chunk is
     * preferred to one within a text.
     */
    static String exportText(CacheTier tier, String key, Path file) throws IOException {
        TierContents contents = TierContents.of(tier, false);
        List<Chunk> matching =
                contents.ends().stream().filter(end -> end.entry().key().name().startsWith(key)).toList();
        if (matching.isEmpty()) {
            matching = contents.chunks().stream()
                    .filter(chunk -> chunk.fault() == null && chunk.entry().key().name().startsWith(key)).toList();
        }
        if (matching.size() != 1) {
            throw new IllegalArgumentException("KEY: " + key + ", " + (matching.isEmpty() ? "no text has it"
                    : matching.size() + " texts begin so; give more digits") + "; see pastkv cache list");
        }
        contents.export(matching.getFirst(), file);
        return "exported " + CacheReport.numTokens(contents.textOf(matching.getFirst())) + " tokens to " + file;
    }
}
