package io.github.pastkv.kernels.vector;

import io.github.pastkv.cache.layout.KvBlocks;
import io.github.pastkv.kernels.AttentionTile;
import java.lang.foreign.MemorySegment;

/**
 * Memory by address, for bodies that read several blocks at a time. A segment of its own for each block would bring
 * type, lifetime and bounds checks into the body for each of them, too many for the JIT to compile it as one (it stops
 * inlining at 18,000 nodes, and a vector that crosses a call is allocated). The caller is responsible for valid
 * addresses: it checks that blocks exist, and they stay while their reader holds them.
 */
final class AllMemory {
    /**
     * Whether this module may read by address ({@code --enable-native-access}). Otherwise one block is read at a time.
     */
    static final boolean IS_READABLE = AllMemory.class.getModule().isNativeAccessEnabled();

    /** All of it: an offset is an address. Empty where it may not be read. */
    static final MemorySegment ALL = all();

    private AllMemory() {}

    @SuppressWarnings("restricted")
    private static MemorySegment all() {
        return IS_READABLE ? MemorySegment.NULL.reinterpret(Long.MAX_VALUE) : MemorySegment.NULL;
    }

    /** Whether the blocks of {@code count} positions, {@code stride} apart, have addresses. */
    static boolean hasAddresses(AttentionTile tile, int position, int count, int stride) {
        for (int i = 0; i < count; i++) {
            MemorySegment memory = blockOf(tile, position + i * stride);
            if (!memory.isNative() || !memory.scope().isAlive()) {
                return false;
            }
        }
        return true;
    }

    /** Address of the keys of a position's lane tile. */
    static long keys(AttentionTile tile, int position) {
        return blockOf(tile, position).address() + TileOffsets.keyLaneTile(tile, position);
    }

    /** Address of the values of a position's lane tile. */
    static long values(AttentionTile tile, int position) {
        return blockOf(tile, position).address() + TileOffsets.valueLaneTile(tile, position);
    }

    private static MemorySegment blockOf(AttentionTile tile, int position) {
        KvBlocks blocks = tile.blocks();
        return blocks.segment(position / blocks.layout().blockSize());
    }
}
