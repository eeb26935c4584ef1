package io.github.pastkv.cache.layout;

import io.github.pastkv.tensor.DataType;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Storage type of keys or values: plain floats of a {@link DataType}, or quantized integers with scales (KV cache
 * quantization).
 *
 * <p>With every type a number is rounded once, when it is written, and the stored result depends only on the numbers of
 * the same head of the same token. Writing back the numbers that were read changes nothing.
 */
public enum KvType {
    /** 32-bit floats: stored as computed. */
    F32(DataType.F32),
    /** 16-bit floats (IEEE 754 half precision). */
    F16(DataType.F16),
    /** bfloat16. */
    BF16(DataType.BF16),
    /** Integers in [-127, 127], with one bf16 scale per 32 elements of a head; see {@link Q8Codec}. */
    Q8(null);

    private final @Nullable DataType plainType;

    KvType(@Nullable DataType plainType) {
        this.plainType = plainType;
    }

    /** The type that stores floats of {@code dataType}. */
    public static KvType of(DataType dataType) {
        return switch (dataType) {
            case F32 -> F32;
            case F16 -> F16;
            case BF16 -> BF16;
            case I8 -> throw new IllegalArgumentException("dataType: I8, plain numbers are stored as F32, F16 or BF16");
        };
    }

    /** The type of the floats; null for quantized types. */
    public @Nullable DataType plainType() {
        return plainType;
    }

    /** Bytes of one element, without its scale. */
    public int numberBytes() {
        return plainType == null ? 1 : plainType.bytes();
    }

    /** Scales of one head of one token. */
    public int numScales(int headDim) {
        return plainType == null ? Math.ceilDiv(headDim, Q8Codec.Q8_GROUP_SIZE) : 0;
    }

    /** Bytes of one head of one token. */
    public long bytesPerHead(int headDim) {
        return (long) headDim * numberBytes() + (long) numScales(headDim) * Q8Codec.SCALE_BYTES;
    }

    /** The name in options and results, for example {@code bf16}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
