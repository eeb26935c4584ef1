package io.github.pastkv.model;

import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.TensorEntry;
import io.github.pastkv.model.files.WeightSource;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.stream.LongStream;

/**
 * Refuses weights that are infinite or not a number: such a model computes nothing but NaN, and each result would have
 * to be looked at to see it. Reads all weights once, as packing does afterwards.
 */
final class FiniteWeights {
    private static final long CHUNK_BYTES = 1 << 20;
    /**
     * Of each type the exponent bits and the lowest of them, in all lanes of 64 bits: exponent + lowest carries into
     * the sign's place exactly where all exponent bits are set, which is where a number is not finite.
     */
    private static final Lanes F32 = new Lanes(0x7F80_0000_7F80_0000L, 0x0080_0000_0080_0000L, 0x8000_0000_8000_0000L);
    private static final Lanes BF16 = new Lanes(0x7F80_7F80_7F80_7F80L, 0x0080_0080_0080_0080L, 0x8000_8000_8000_8000L);
    private static final Lanes F16 = new Lanes(0x7C00_7C00_7C00_7C00L, 0x0400_0400_0400_0400L, 0x8000_8000_8000_8000L);

    private record Lanes(long exponent, long lowest, long carry) {}

    private FiniteWeights() {}

    /** Refuses the first tensor of the model that holds such a number. */
    static void require(ModelTensors tensors, WeightSource weights) throws ModelFormatException {
        for (String name : tensors.names().stream().sorted().toList()) {
            TensorEntry entry = weights.entry(name).orElseThrow();
            boolean isFinite = switch (entry.dtype()) {
                case "F32" -> isFinite(weights.bytes(name), F32);
                case "BF16" -> isFinite(weights.bytes(name), BF16);
                case "F16" -> isFinite(weights.bytes(name), F16);
                default -> true;
            };
            if (!isFinite) {
                throw new ModelFormatException(weights.fileOf(name),
                        "tensor " + name + ": holds a number that is infinite or not a number (NaN)");
            }
        }
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
