package io.github.pastkv.model.gguf;

import io.github.pastkv.model.files.Mxfp4;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.stream.LongStream;

/** Checks that blocks hold finite numbers only: they do if their half-precision scales are finite. */
final class FiniteBlocks {
    private static final ValueLayout.OfShort HALF = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int HALF_EXPONENT = 0x7C00;
    private static final int BLOCKS_PER_CHUNK = 1 << 14;

    private FiniteBlocks() {}

    static boolean isFinite(GgufType type, MemorySegment bytes) {
        long numBlocks = bytes.byteSize() / type.blockBytes();
        return LongStream.range(0, Math.ceilDiv(numBlocks, (long) BLOCKS_PER_CHUNK)).parallel()
                .allMatch(chunk -> isFinite(type, bytes, chunk * BLOCKS_PER_CHUNK,
                        Math.min((chunk + 1) * BLOCKS_PER_CHUNK, numBlocks)));
    }

    private static boolean isFinite(GgufType type, MemorySegment bytes, long fromBlock, long toBlock) {
        int[] halfOffsets = type.halfOffsets();
        for (long block = fromBlock; block < toBlock; block++) {
            long offset = block * type.blockBytes();
            for (int half : halfOffsets) {
                if ((bytes.get(HALF, offset + half) & HALF_EXPONENT) == HALF_EXPONENT) {
                    return false;
                }
            }
            if (type == GgufType.MXFP4
                    && Byte.toUnsignedInt(bytes.get(ValueLayout.JAVA_BYTE, offset)) >= Mxfp4.OVERFLOW) {
                return false;
            }
        }
        return true;
    }
}
