package io.github.pastkv.cache.layout;

import java.lang.foreign.MemorySegment;

/**
 * The blocks of one row in one layer group, as attention reads them: the token at position p is in slot
 * {@code p % blockSize} of logical block {@code p / blockSize}. Valid until the end of the step that returned it.
 */
public interface KvBlocks {
    /** The layout of every block. */
    KvLayout layout();

    /** The memory that holds a block; other blocks may share it. */
    MemorySegment segment(int logicalBlock);

    /** First byte of a block in its {@link #segment}. */
    long blockByteOffset(int logicalBlock);

    /**
     * End of the run of blocks that these and {@code other} read at the same place in memory, as rows with a common
     * prefix do.
     *
     * @param fromBlock first logical block of the run; held by both, as all up to {@code toBlock} are
     * @param toBlock where to stop at the latest
     * @return {@code fromBlock} if the first is at different places
     */
    default int sharedTo(KvBlocks other, int fromBlock, int toBlock) {
        int block = fromBlock;
        while (block < toBlock && blockByteOffset(block) == other.blockByteOffset(block)
                && segment(block).equals(other.segment(block))) {
            block++;
        }
        return block;
    }

    /** One element of a key or value as stored, widened to float; slow. */
    default float read(int layerInGroup, boolean ofKeys, int position, int kvHead, int dim) {
        int block = position / layout().blockSize();
        int slot = position % layout().blockSize();
        return ofKeys
                ? layout().readKey(segment(block), blockByteOffset(block), layerInGroup, kvHead, slot, dim)
                : layout().readValue(segment(block), blockByteOffset(block), layerInGroup, kvHead, slot, dim);
    }
}
