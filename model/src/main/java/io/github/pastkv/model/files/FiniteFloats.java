package io.github.pastkv.model.files;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.stream.LongStream;

/** Whether floats are neither infinite nor NaN. */
public final class FiniteFloats {
    private static final long CHUNK_BYTES = 1 << 20;
    /**
     * Of each type the exponent bits and the lowest of them, in all lanes of 64 bits: exponent + lowest carries into
     * the sign's place exactly where all exponent bits are set, which is where a number is not finite.
     */
    private static final Lanes F32 = new Lanes(0x7F80_0000_7F80_0000L, 0x0080_0000_0080_0000L, 0x8000_0000_8000_0000L);
    private static final Lanes BF16 = new Lanes(0x7F80_7F80_7F80_7F80L, 0x0080_0080_0080_0080L, 0x8000_8000_8000_8000L);
    private static final Lanes F16 = new Lanes(0x7C00_7C00_7C00_7C00L, 0x0400_0400_0400_0400L, 0x8000_8000_8000_8000L);

    private record Lanes(long exponent, long lowest, long carry) {}

    private FiniteFloats() {}

    /**
     * Whether all numbers are finite; those of other types than F32, F16 and BF16 count as finite.
     *
     * @param dtype word for the type, as safetensors files have it
     */
    public static boolean isFinite(String dtype, MemorySegment bytes) {
        return switch (dtype) {
            case "F32" -> isFinite(bytes, F32);
            case "BF16" -> isFinite(bytes, BF16);
            case "F16" -> isFinite(bytes, F16);
            default -> true;
        };
    }

    private static boolean isFinite(MemorySegment bytes, Lanes lanes) {
        return LongStream.range(0, Math.ceilDiv(bytes.byteSize(), CHUNK_BYTES)).parallel().allMatch(chunk -> {
            long from = chunk * CHUNK_BYTES;
            return isChunkFinite(bytes.asSlice(from, Math.min(CHUNK_BYTES, bytes.byteSize() - from)), lanes);
        });
    }

    private static boolean isChunkFinite(MemorySegment bytes, Lanes lanes) {
        int numLongs = (int) (bytes.byteSize() / Long.BYTES);
        long carries = 0;
        for (int i = 0; i < numLongs; i++) {
            long word = bytes.get(ValueLayout.JAVA_LONG_UNALIGNED, (long) i * Long.BYTES);
            carries |= (word & lanes.exponent) + lanes.lowest;
        }
        long rest = 0; // the last bytes, zeros behind them
        for (long i = (long) numLongs * Long.BYTES; i < bytes.byteSize(); i++) {
            rest |= (bytes.get(ValueLayout.JAVA_BYTE, i) & 0xFFL) << (8 * (i % Long.BYTES));
        }
        return ((carries | (rest & lanes.exponent) + lanes.lowest) & lanes.carry) == 0;
    }
}
