package io.github.pastkv.cache.layout;

import io.github.pastkv.tensor.DataType;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How keys, or values, are stored: as plain numbers of a {@link DataType}, or as small integers with scales.
 *
 * <p>Whatever the type, a number is rounded once, when it is written, and what is read afterwards depends on the
 * numbers of the same head of the same token only. Writing again what was read changes nothing.
 */
public enum KvType {
    /** Plain singles: stored as computed. */
    F32(DataType.F32),
    /** Plain halves. */
    F16(DataType.F16),
    /** Plain bfloat16. */
    BF16(DataType.BF16),
    /** Integers in [-127, 127], each 32 of a head with a bf16 scale, see {@link Q8Codec}. */
    Q8(null);

    private final @Nullable DataType plainType;

    KvType(@Nullable DataType plainType) {
        this.plainType = plainType;
    }

    /** The type that stores plain numbers of {@code dataType}, a type of floats. */
    public static KvType of(DataType dataType) {
        return switch (dataType) {
            case F32 -> F32;
            case F16 -> F16;
            case BF16 -> BF16;
            case I8 -> throw new IllegalArgumentException("dataType: I8, plain numbers are stored as F32, F16 or BF16");
        };
    }

    /** The type of the plain numbers; null where there are scales. */
    public @Nullable DataType plainType() {
        return plainType;
    }

    /** Bytes of one number, its share of a scale apart. */
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

    /** As options and results spell it, for example {@code bf16}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
