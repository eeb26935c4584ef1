package io.github.pastkv.cache.store;

import io.github.pastkv.cache.check.Require;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Consecutive whole blocks of one text as a store keeps them: where they stand, the ids of their tokens, and for each
 * block and layer group the bytes of its keys and values, in the order of
 * {@link io.github.pastkv.cache.layout.KvLayout}; null for a windowed group whose part had been evicted. A checksum for
 * each block travels with it, so that torn and exchanged content is found.
 *
 * <p>The bytes belong to whoever made it: one that is put is valid during the call only, so that a store copies what it
 * keeps; one that a store returns must stay as it is until the caller has read it.
 */
public final class StoredChunk {
    private final BlockOrigin origin;
    private final BlockKey before;
    private final long firstPosition;
    private final int[] tokenIds;
    private final int blockSize;
    private final List<BlockKey> keys; // [blocks]
    private final ChunkKey key;
    private final List<@Nullable MemorySegment> parts; // [blocks][G]
    private final int[] checksums; // [blocks]
    private boolean isVerified;

    /**
     * A chunk as read back, with the checksums that were kept with it.
     *
     * @param before key of the block before the first, or the root
     * @param firstPosition position of its first token in the text
     * @param tokenIds as many as its blocks have, {@code [blocks * blockSize]}
     * @param parts bytes by block and layer group, {@code [blocks * G]}
     * @param checksums of the blocks, {@code [blocks]}
     */
    public StoredChunk(BlockOrigin origin, BlockKey before, long firstPosition, int[] tokenIds,
            List<@Nullable MemorySegment> parts, int[] checksums) {
        if (checksums.length == 0 || tokenIds.length % checksums.length != 0
                || parts.size() % checksums.length != 0) {
            throw new IllegalArgumentException("tokenIds: " + tokenIds.length + " and " + parts.size()
                    + " parts do not divide into " + checksums.length + " blocks");
        }
        this(origin, before, firstPosition, tokenIds, before.chain(tokenIds, tokenIds.length / checksums.length),
                parts, checksums);
    }

    private StoredChunk(BlockOrigin origin, BlockKey before, long firstPosition, int[] tokenIds, List<BlockKey> keys,
            List<@Nullable MemorySegment> parts, int[] checksums) {
        this.origin = origin;
        this.before = before;
        this.firstPosition = firstPosition;
        this.tokenIds = tokenIds.clone();
        this.blockSize = tokenIds.length / checksums.length;
        this.keys = keys;
        this.key = ChunkKey.of(keys);
        this.parts = Collections.unmodifiableList(Arrays.asList(parts.toArray(new MemorySegment[0])));
        this.checksums = checksums.clone();
    }

    /** A new chunk of blocks of {@code blockSize} tokens, whose checksums are computed. */
    public static StoredChunk of(BlockOrigin origin, BlockKey before, long firstPosition, int[] tokenIds,
            int blockSize, List<@Nullable MemorySegment> parts) {
        List<BlockKey> keys = before.chain(tokenIds, blockSize);
        int numGroups = parts.size() / keys.size();
        int[] checksums = IntStream.range(0, keys.size())
                .map(block -> BlockChecksum.of(keys.get(block),
                        parts.subList(block * numGroups, (block + 1) * numGroups)))
                .toArray();
        return new StoredChunk(origin, before, firstPosition, tokenIds, keys, parts, checksums);
    }

    /** Its name: computed from {@link #before} and the token ids. */
    public ChunkKey key() {
        return key;
    }

    /** The name of a chunk of its first blocks only. */
    public ChunkKey keyOfFirst(int numBlocks) {
        return ChunkKey.of(keys.subList(0, numBlocks));
    }

    /** What it is of. */
    public BlockOrigin origin() {
        return origin;
    }

    /** Key of the first block, which stands for all tokens up to its end. */
    public BlockKey firstBlock() {
        return keys.getFirst();
    }

    /** Key of the block before the first. */
    public BlockKey before() {
        return before;
    }

    /** Position of its first token in the text. */
    public long firstPosition() {
        return firstPosition;
    }

    /** Token ids, a copy. */
    public int[] tokenIds() {
        return tokenIds.clone();
    }

    public int numTokens() {
        return tokenIds.length;
    }

    /** Tokens per block. */
    public int blockSize() {
        return blockSize;
    }

    public int numBlocks() {
        return keys.size();
    }

    /** Layer groups. */
    public int numGroups() {
        return parts.size() / keys.size();
    }

    /** The bytes of a block in a layer group; null where there are none. */
    public @Nullable MemorySegment part(int block, int group) {
        return parts.get(block * numGroups() + Require.index("group", group, numGroups()));
    }

    /** CRC32C of a block, as it was when the chunk was made: over its key, then size and bytes of each group's part. */
    public int checksum(int block) {
        return checksums[block];
    }

    /** Whether the content of a block still has its checksum. */
    public boolean isIntact(int block) {
        int numGroups = numGroups();
        return checksums[block] == BlockChecksum.of(keys.get(block),
                parts.subList(block * numGroups, (block + 1) * numGroups));
    }

    /** Whether all blocks are intact; once they are found so, they are not looked at again. */
    public boolean isIntact() {
        isVerified = isVerified || IntStream.range(0, numBlocks()).allMatch(this::isIntact);
        return isVerified;
    }

    /** Parts that have bytes. */
    public int numParts() {
        return (int) parts.stream().filter(Objects::nonNull).count();
    }

    /** Bytes of keys and values. */
    public long bytes() {
        return parts.stream().filter(Objects::nonNull).mapToLong(MemorySegment::byteSize).sum();
    }

    /** The same chunk over bytes on the heap that nobody else has. */
    public StoredChunk copy() {
        return new StoredChunk(origin, before, firstPosition, tokenIds, keys,
                Arrays.asList(parts.stream().map(StoredChunk::copyOf).toArray(MemorySegment[]::new)), checksums);
    }

    private static @Nullable MemorySegment copyOf(@Nullable MemorySegment part) {
        return part == null ? null : MemorySegment.ofArray(part.toArray(ValueLayout.JAVA_BYTE));
    }

    @Override
    public String toString() {
        return "chunk " + key + " of " + tokenIds.length + " tokens from position " + firstPosition + ", " + bytes()
                + " bytes in " + numParts() + " of " + parts.size() + " parts";
    }
}
