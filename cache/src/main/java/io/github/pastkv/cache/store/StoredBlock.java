package io.github.pastkv.cache.store;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A whole block as a store keeps it: its key, the ids of its tokens, and for each layer group the bytes of its keys and
 * values, in the order of {@link io.github.pastkv.cache.layout.KvLayout}; null for a windowed group whose part had been
 * evicted. A checksum over all of that travels with it, so that torn and exchanged content is found.
 *
 * <p>The bytes belong to whoever made it: one that is put is valid during the call only, so that a store copies what it
 * keeps; one that a store returns must stay as it is until the caller has read it.
 */
public final class StoredBlock {
    private final BlockKey key;
    private final int[] tokenIds;
    private final List<@Nullable MemorySegment> groups;
    private final int checksum;

    /** A block as read back, with the checksum that was kept with it. */
    public StoredBlock(BlockKey key, int[] tokenIds, List<@Nullable MemorySegment> groups, int checksum) {
        this.key = key;
        this.tokenIds = tokenIds.clone();
        this.groups = Collections.unmodifiableList(Arrays.asList(groups.toArray(new MemorySegment[0])));
        this.checksum = checksum;
    }

    /** A new block, whose checksum is computed. */
    public static StoredBlock of(BlockKey key, int[] tokenIds, List<@Nullable MemorySegment> groups) {
        return new StoredBlock(key, tokenIds, groups, checksumOf(key, tokenIds, groups));
    }

    public BlockKey key() {
        return key;
    }

    /** Token ids of the block, a copy. */
    public int[] tokenIds() {
        return tokenIds.clone();
    }

    /** The bytes of each layer group, {@code [G]}; null where there are none. */
    public List<@Nullable MemorySegment> groups() {
        return groups;
    }

    /** CRC32C over key, token ids and bytes, as it was when the block was made. */
    public int checksum() {
        return checksum;
    }

    /** Whether the content still has its checksum. */
    public boolean isIntact() {
        return checksum == checksumOf(key, tokenIds, groups);
    }

    /** Groups that have bytes. */
    public int numGroups() {
        return (int) groups.stream().filter(Objects::nonNull).count();
    }

    /** Bytes of keys and values. */
    public long bytes() {
        return groups.stream().filter(Objects::nonNull).mapToLong(MemorySegment::byteSize).sum();
    }

    /** The same block over bytes on the heap that nobody else has. */
    public StoredBlock copy() {
        return new StoredBlock(key, tokenIds, Arrays.asList(groups.stream().map(StoredBlock::copyOf)
                .toArray(MemorySegment[]::new)), checksum);
    }

    private static @Nullable MemorySegment copyOf(@Nullable MemorySegment group) {
        return group == null ? null : MemorySegment.ofArray(group.toArray(ValueLayout.JAVA_BYTE));
    }

    private static int checksumOf(BlockKey key, int[] tokenIds, List<@Nullable MemorySegment> groups) {
        CRC32C crc = new CRC32C();
        crc.update(key.toBytes());
        ByteBuffer ints = ByteBuffer.allocate((tokenIds.length + groups.size()) * Integer.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN);
        for (int tokenId : tokenIds) {
            ints.putInt(tokenId);
        }
        for (MemorySegment group : groups) {
            ints.putInt(group == null ? -1 : (int) group.byteSize());
        }
        crc.update(ints.flip());
        for (MemorySegment group : groups) {
            if (group != null) {
                crc.update(group.asByteBuffer());
            }
        }
        return (int) crc.getValue();
    }

    @Override
    public String toString() {
        return "block " + key + " of " + tokenIds.length + " tokens, " + bytes() + " bytes in " + numGroups() + " of "
                + groups.size() + " layer groups";
    }
}
