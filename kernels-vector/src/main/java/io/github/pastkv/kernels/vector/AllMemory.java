package io.github.pastkv.kernels.vector;

import static io.github.pastkv.kernels.vector.TileForm.LANE_TILE;

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

    private static final int CACHE_LINE = 64;

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

    /**
     * Writes the addresses of the values of neighboring lane tiles to the start of a tile's scratch memory, as longs.
     *
     * @param from first position of the first lane tile
     * @return whether all have addresses
     */
    static boolean listValues(AttentionTile tile, int from, int numLaneTiles) {
        for (int i = 0; i < numLaneTiles; i++) {
            int position = from + i * LANE_TILE;
            MemorySegment memory = blockOf(tile, position);
            if (!memory.isNative() || !memory.scope().isAlive()) {
                return false;
            }
            tile.scratch().set(Lanes.LONG, 8L * i, memory.address() + TileOffsets.valueLaneTile(tile, position));
        }
        return true;
    }

    /**
     * Brings listed lane tiles into a near cache: reads of each cache line, four lane tiles in turn. The processor
     * prefetches within a lane tile only and waits at the start of each, here for four at once.
     *
     * @param bytes size of a lane tile
     */
    static void touch(MemorySegment scratch, int numLaneTiles, long bytes) {
        int touched = 0;
        for (int i = 0; i + 4 <= numLaneTiles; i += 4) {
            long first = scratch.get(Lanes.LONG, 8L * i);
            long second = scratch.get(Lanes.LONG, 8L * i + 8);
            long third = scratch.get(Lanes.LONG, 8L * i + 16);
            long fourth = scratch.get(Lanes.LONG, 8L * i + 24);
            for (long line = 0; line < bytes; line += CACHE_LINE) {
                touched += ALL.get(Lanes.INT, first + line) + ALL.get(Lanes.INT, second + line)
                        + ALL.get(Lanes.INT, third + line) + ALL.get(Lanes.INT, fourth + line);
            }
        }
        scratch.set(Lanes.INT, 8L * numLaneTiles, touched); // a result, or the JIT would leave the reads out
    }

    private static MemorySegment blockOf(AttentionTile tile, int position) {
        KvBlocks blocks = tile.blocks();
        return blocks.segment(position / blocks.layout().blockSize());
    }
}
