package io.github.pastkv.cache.layout;

import java.lang.foreign.MemorySegment;

/**
 * Where one row's tokens lie in one layer group, as attention reads them: the token at position p is in slot
 * {@code p % blockSize} of logical block {@code p / blockSize}. Valid until the step that handed it out ends.
 */
public interface KvBlocks {
    /** The layout of every block. */
    KvLayout layout();

    /** The memory that holds a block; other blocks may share it. */
    MemorySegment segment(int logicalBlock);

    /** First byte of a block in its {@link #segment}. */
    long blockByteOffset(int logicalBlock);

    /** One number of a key or value as stored, widened; the slow, plain way. */
    default float read(int layerInGroup, boolean ofKeys, int position, int kvHead, int dim) {
        int block = position / layout().blockSize();
        int slot = position % layout().blockSize();
        return ofKeys
                ? layout().readKey(segment(block), blockByteOffset(block), layerInGroup, kvHead, slot, dim)
                : layout().readValue(segment(block), blockByteOffset(block), layerInGroup, kvHead, slot, dim);
    }
}
