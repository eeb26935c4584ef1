package io.github.pastkv.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The type of stored numbers: their size, and the conversion from and to float. Rounding is to nearest, ties to even,
 * as in PyTorch. Memory is little-endian at any alignment, as in safetensors files.
 */
public enum DataType {
    /** IEEE 754 single precision. */
    F32(4) {
        @Override
        public float read(MemorySegment segment, long byteOffset) {
            return segment.get(FLOAT, byteOffset);
        }

        @Override
        public void write(MemorySegment segment, long byteOffset, float value) {
            segment.set(FLOAT, byteOffset, value);
        }

        @Override
        public float round(float value) {
            return value;
        }
    },
    /** IEEE 754 half precision: values beyond 65504 become infinite. */
    F16(2) {
        @Override
        public float read(MemorySegment segment, long byteOffset) {
            return Float.float16ToFloat(segment.get(SHORT, byteOffset));
        }

        @Override
        public void write(MemorySegment segment, long byteOffset, float value) {
            segment.set(SHORT, byteOffset, Float.floatToFloat16(value));
        }

        @Override
        public float round(float value) {
            return Float.float16ToFloat(Float.floatToFloat16(value));
        }
    },
    /** The upper half of a single: its range with 8 bits of precision. */
    BF16(2) {
        @Override
        public float read(MemorySegment segment, long byteOffset) {
            return Float.intBitsToFloat(segment.get(SHORT, byteOffset) << 16);
        }

        @Override
        public void write(MemorySegment segment, long byteOffset, float value) {
            segment.set(SHORT, byteOffset, (short) (bfloat16Bits(value) >>> 16));
        }

        @Override
        public float round(float value) {
            return Float.intBitsToFloat(bfloat16Bits(value));
        }
    },
    /**
     * Integers in [-128, 127], for weights with separate scales. Values out of range are clamped, and NaN becomes 0.
     */
    I8(1) {
        @Override
        public float read(MemorySegment segment, long byteOffset) {
            return segment.get(ValueLayout.JAVA_BYTE, byteOffset);
        }

        @Override
        public void write(MemorySegment segment, long byteOffset, float value) {
            segment.set(ValueLayout.JAVA_BYTE, byteOffset, (byte) round(value));
        }

        @Override
        public float round(float value) {
            return (int) Math.clamp(Math.rint(value), Byte.MIN_VALUE, Byte.MAX_VALUE);
        }
    };

    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final int bytes;

    DataType(int bytes) {
        this.bytes = bytes;
    }

    /** Bytes of one element. */
    public int bytes() {
        return bytes;
    }

    /** The element at {@code byteOffset}, widened; widening loses nothing. */
    public abstract float read(MemorySegment segment, long byteOffset);

    /** Stores {@code value} at {@code byteOffset}, rounded to this type. */
    public abstract void write(MemorySegment segment, long byteOffset, float value);

    /** The smallest magnitude that is rounded to infinity; infinity if no finite number is. */
    public float overflowsFrom() {
        return switch (this) {
            case F16 -> 65520f;
            case BF16 -> 0x1.FFp127f;
            case F32, I8 -> Float.POSITIVE_INFINITY;
        };
    }

    /** The value that {@link #read} returns after {@link #write}. */
    public abstract float round(float value);

    /** The float bits of {@code value} rounded to its upper 16 bits; a NaN stays a (quiet) NaN. */
    private static int bfloat16Bits(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return (bits | 0x0040_0000) & 0xFFFF_0000;
        }
        int tiesToEven = 0x7FFF + ((bits >>> 16) & 1);
        return (bits + tiesToEven) & 0xFFFF_0000;
    }
}
