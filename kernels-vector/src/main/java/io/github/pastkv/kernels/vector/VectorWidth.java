package io.github.pastkv.kernels.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;

/** How wide the vectors of this process are: what the machine prefers, or what {@link #PROPERTY} asks for. */
final class VectorWidth {
    /** System property that forces a width in bits. */
    static final String PROPERTY = "pastkv.kernels.vectorBits";

    private static final int MIN_BITS = 128;
    private static final int MAX_BITS = 512;

    private VectorWidth() {}

    /**
     * Width in bits: 128, 256 or 512.
     *
     * @throws IllegalStateException if the property holds anything else
     */
    static int bits() {
        String forced = System.getProperty(PROPERTY);
        return forced == null ? preferredBits() : parse(forced);
    }

    private static int parse(String bits) {
        return switch (bits) {
            case "128", "256", "512" -> Integer.parseInt(bits);
            default -> throw new IllegalStateException(PROPERTY + ": " + bits + ", must be 128, 256 or 512");
        };
    }

    /** Throws {@link UnsupportedOperationException} unless the machine has vectors of 128 bits. */
    static void requireSupported() {
        int bits = FloatVector.SPECIES_PREFERRED.vectorBitSize();
        if (bits < MIN_BITS) {
            throw new UnsupportedOperationException("vectors have " + bits + " bit, " + MIN_BITS + " are needed");
        }
    }

    private static int preferredBits() {
        return Math.min(Integer.highestOneBit(FloatVector.SPECIES_PREFERRED.vectorBitSize()), MAX_BITS);
    }

    static VectorShape shape() {
        return VectorShape.forBitSize(bits());
    }

    static VectorShape halfShape() {
        return VectorShape.forBitSize(bits() / 2);
    }

    /** For as many bytes as floats; the Vector API has no shape below 64 bits. */
    static VectorShape byteShape() {
        return VectorShape.forBitSize(Math.max(bits() / 4, 64));
    }
}
