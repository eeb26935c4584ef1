package io.github.pastkv.kernels;

import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Elementwise operations that round at most once, so that every loop over them gives the same bits. */
final class Elementwise {
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private Elementwise() {}

    static void scale(float factor, Tensor x, int width, int fromToken, int toToken) {
        MemorySegment segment = x.segment();
        for (int token = fromToken; token < toToken; token++) {
            long start = x.byteOffset(token, 0);
            for (int i = 0; i < width; i++) {
                segment.set(F32, start + 4L * i, segment.get(F32, start + 4L * i) * factor);
            }
        }
    }

    static void addScaled(float factor, Tensor x, long xRow, Tensor y, long yRow, int width) {
        MemorySegment from = x.segment();
        MemorySegment to = y.segment();
        long fromStart = x.byteOffset(xRow, 0);
        long toStart = y.byteOffset(yRow, 0);
        for (int i = 0; i < width; i++) {
            float number = to.get(F32, toStart + 4L * i);
            to.set(F32, toStart + 4L * i, Math.fma(factor, from.get(F32, fromStart + 4L * i), number));
        }
    }

    static void clip(float limit, Tensor x, int width, int fromToken, int toToken) {
        MemorySegment segment = x.segment();
        for (int token = fromToken; token < toToken; token++) {
            long start = x.byteOffset(token, 0);
            for (int i = 0; i < width; i++) {
                float number = segment.get(F32, start + 4L * i);
                segment.set(F32, start + 4L * i, Math.max(-limit, Math.min(limit, number)));
            }
        }
    }
}
