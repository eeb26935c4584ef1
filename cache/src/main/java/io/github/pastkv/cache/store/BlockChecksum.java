package io.github.pastkv.cache.store;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** The checksum that travels with a stored block: CRC32C over its key, then size and bytes of each group's part. */
final class BlockChecksum {
    private BlockChecksum() {}

    /**
     * The checksum of a block.
     *
     * @param parts bytes of each layer group, null where there are none, which counts as size -1
     */
    static int of(BlockKey key, List<@Nullable MemorySegment> parts) {
        CRC32C crc = new CRC32C();
        crc.update(key.toBytes());
        ByteBuffer size = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (MemorySegment part : parts) {
            crc.update(size.clear().putInt(part == null ? -1 : (int) part.byteSize()).flip());
            if (part != null) {
                crc.update(part.asByteBuffer());
            }
        }
        return (int) crc.getValue();
    }
}
