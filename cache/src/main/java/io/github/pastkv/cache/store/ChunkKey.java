package io.github.pastkv.cache.store;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The stable name of a chunk: consecutive whole blocks of one text. The key of its last block stands for all that
 * precedes it, so that two chunks of one name have the same bits.
 *
 * @param lastBlock key of its last block
 * @param numBlocks how many blocks it has
 */
public record ChunkKey(BlockKey lastBlock, int numBlocks) {
    private static final Pattern NAME = Pattern.compile("([0-9a-f]{64})-([1-9][0-9]{0,5})");

    public ChunkKey {
        if (numBlocks < 1 || numBlocks > 999_999) {
            throw new IllegalArgumentException("numBlocks: " + numBlocks + ", must be in [1, 999999]");
        }
    }

    /** The key of a name that {@link #toString} made, or none. */
    public static Optional<ChunkKey> parse(String name) {
        Matcher matcher = NAME.matcher(name);
        return matcher.matches()
                ? Optional.of(new ChunkKey(BlockKey.parse(matcher.group(1)), Integer.parseInt(matcher.group(2))))
                : Optional.empty();
    }

    /** A name for files and servers: 64 hexadecimal digits, a hyphen and the number of blocks. */
    @Override
    public String toString() {
        return lastBlock + "-" + numBlocks;
    }
}
