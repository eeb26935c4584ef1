package io.github.pastkv.cache.store;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The name of a chunk of consecutive whole blocks. It is computed from {@link BlockKey}s, so it is the same in every
 * process, and it shows which leading blocks two chunks share:
 *
 * <pre>
 * FIRST TAGS - LAST - N
 * FIRST  32 digits of the key of the first block
 * TAGS   6 digits of the keys of the last of the first 2, 3, 4, 6, 8, 12, 16, ... blocks, as far as the chunk has them
 * LAST   32 digits of the key of the last block
 * N      number of blocks
 * </pre>
 *
 * <p>A block key is a hash of everything before it, so chunks whose names begin alike hold the same leading blocks.
 * A store can therefore find the chunk that shares most with a text by a search for names with a common beginning.
 * Names only select chunks: what is loaded is compared with the text token by token.
 */
public record ChunkKey(String name) {
    /** Most blocks of a chunk. */
    public static final int MAX_BLOCKS = 4096;

    private static final int KEY_DIGITS = 32;
    private static final int TAG_DIGITS = 6;
    private static final int MAX_COUNT_DIGITS = 4;

    /** A name as {@link #of} makes it. */
    public ChunkKey {
        if (!isName(name)) {
            throw new IllegalArgumentException("name: " + name + " is no name of a chunk");
        }
    }

    /** Without a regular expression: a folder may have a hundred thousand names. */
    private static boolean isName(String name) {
        int first = name.indexOf('-');
        int last = name.lastIndexOf('-');
        int numDigits = name.length() - last - 1;
        if (first < KEY_DIGITS || last != first + 1 + KEY_DIGITS || numDigits < 1 || numDigits > MAX_COUNT_DIGITS
                || name.charAt(last + 1) == '0' || !areDigits(name, 0, first, 16)
                || !areDigits(name, first + 1, last, 16) || !areDigits(name, last + 1, name.length(), 10)) {
            return false;
        }
        int numBlocks = Integer.parseInt(name, last + 1, name.length(), 10);
        return numBlocks <= MAX_BLOCKS && first == KEY_DIGITS + (numTagged(numBlocks) - 1) * TAG_DIGITS;
    }

    private static boolean areDigits(String name, int from, int to, int radix) {
        for (int i = from; i < to; i++) {
            char digit = name.charAt(i);
            if (!(digit >= '0' && digit <= '9') && !(radix == 16 && digit >= 'a' && digit <= 'f')) {
                return false;
            }
        }
        return true;
    }

    /** The name of the chunk of these consecutive blocks. */
    public static ChunkKey of(List<BlockKey> blocks) {
        if (blocks.isEmpty() || blocks.size() > MAX_BLOCKS) {
            throw new IllegalArgumentException("blocks: " + blocks.size() + ", must be in [1, " + MAX_BLOCKS + "]");
        }
        StringBuilder name = new StringBuilder(digits(blocks.getFirst(), KEY_DIGITS));
        for (int tag = 1; tag < numTagged(blocks.size()); tag++) {
            name.append(digits(blocks.get(taggedCount(tag) - 1), TAG_DIGITS));
        }
        return new ChunkKey(name + "-" + digits(blocks.getLast(), KEY_DIGITS) + "-" + blocks.size());
    }

    private static String digits(BlockKey key, int count) {
        return key.toString().substring(0, count);
    }

    /** The key of a name, or none for other texts. */
    public static Optional<ChunkKey> parse(String name) {
        return isName(name) ? Optional.of(new ChunkKey(name)) : Optional.empty();
    }

    /** 1, 2, 3, 4, 6, 8, 12, 16, ...: two for each octave. */
    private static int taggedCount(int tag) {
        if (tag < 3) {
            return tag + 1;
        }
        return (tag % 2 == 1 ? 4 : 6) << ((tag - 3) / 2);
    }

    private static int numTagged(int numBlocks) {
        int tag = 0;
        while (taggedCount(tag) <= numBlocks) {
            tag++;
        }
        return tag;
    }

    /** Blocks of the chunk. */
    public int numBlocks() {
        return Integer.parseInt(name.substring(name.lastIndexOf('-') + 1));
    }

    /**
     * How many leading blocks this chunk shares with another one, rounded down to a number that the name tells; 0 if
     * the first block differs.
     */
    public int numSharedBlocks(ChunkKey other) {
        int shared = 0;
        int numTags = Math.min(numTagged(numBlocks()), numTagged(other.numBlocks()));
        for (int tag = 0; tag < numTags; tag++) {
            int end = KEY_DIGITS + tag * TAG_DIGITS;
            if (!name.regionMatches(0, other.name, 0, end)) {
                return shared;
            }
            shared = taggedCount(tag);
        }
        return shared;
    }

    /**
     * What the names of chunks begin with that share leading blocks with this one: the longest first, then shorter
     * ones, down to the first block alone.
     */
    public List<String> sharedPrefixes() {
        List<String> prefixes = new ArrayList<>();
        for (int tag = numTagged(numBlocks()) - 1; tag >= 0; tag--) {
            prefixes.add(name.substring(0, KEY_DIGITS + tag * TAG_DIGITS));
        }
        return prefixes;
    }

    /** {@link #name}, for files and servers. */
    @Override
    public String toString() {
        return name;
    }
}
