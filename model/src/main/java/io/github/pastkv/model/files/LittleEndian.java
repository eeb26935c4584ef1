package io.github.pastkv.model.files;

import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Writes numbers in little-endian order, as safetensors files have them. */
final class LittleEndian {
    static final int BUFFER_BYTES = 1 << 16;

    private LittleEndian() {}

    /** Writes the numbers of a tensor as F32, in row-major order. */
    static void writeFloats(Tensor tensor, DataOutputStream out) throws IOException {
        if (tensor.dataType() == DataType.F32 && tensor.isContiguous()) {
            writeBytes(tensor.segment(), tensor.numElements() * Float.BYTES, out);
        } else {
            writeEachFloat(tensor, out);
        }
    }

    /** Writes the first {@code numBytes} bytes of a segment as they are. */
    static void writeBytes(MemorySegment segment, long numBytes, DataOutputStream out) throws IOException {
        byte[] buffer = new byte[BUFFER_BYTES];
        for (long offset = 0; offset < numBytes; offset += buffer.length) {
            int count = (int) Math.min(buffer.length, numBytes - offset);
            MemorySegment.copy(segment, ValueLayout.JAVA_BYTE, offset, buffer, 0, count);
            out.write(buffer, 0, count);
        }
    }

    private static void writeEachFloat(Tensor tensor, DataOutputStream out) throws IOException {
        long[] shape = tensor.shape();
        long[] index = new long[shape.length];
        for (long i = 0, n = tensor.numElements(); i < n; i++) {
            out.writeInt(Integer.reverseBytes(Float.floatToRawIntBits(tensor.get(index))));
            for (int axis = shape.length - 1; axis >= 0 && ++index[axis] == shape[axis]; axis--) {
                index[axis] = 0;
            }
        }
    }

    /** Writes integers of 64 bits. */
    static void writeLongs(long[] values, DataOutputStream out) throws IOException {
        for (long value : values) {
            out.writeLong(Long.reverseBytes(value));
        }
    }
}
