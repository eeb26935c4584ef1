package io.github.pastkv.cache;

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
}
