package io.github.pastkv.model.gguf;

import io.github.pastkv.model.files.ModelFormatException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The checked header of a GGUF file, versions 2 and 3: counts, metadata, the table of tensors. Tensors follow each
 * other in the order of the table, each from the next multiple of the alignment, without gap or overlap, as llama.cpp
 * demands (the document gguf.md of https://github.com/ggml-org/ggml). Bytes after the last are not read.
 *
 * @param version of the format
 * @param metadata keys and values
 * @param tensors by name, in the order of the file
 */
record GgufHeader(int version, GgufMetadata metadata, Map<String, GgufTensor> tensors) {
    private static final int MAGIC = 0x46554747; // "GGUF"
    private static final int MAX_DIMENSIONS = 4;
    private static final int MAX_NAME_BYTES = 63;
    /** The least bytes of a tensor's line: length of its name, number of dimensions, type, offset. */
    private static final int MIN_TENSOR_BYTES = 24;
    private static final int DEFAULT_ALIGNMENT = 32;
    private static final String ALIGNMENT_KEY = "general.alignment";

    /** A line of the table; its offset counts from the first byte of data. */
    private record Line(String name, GgufType type, List<Long> shape, long numBytes, long offset) {}

    static GgufHeader read(Path file, MemorySegment bytes) throws ModelFormatException {
        GgufCursor cursor = new GgufCursor(file, bytes);
        if (cursor.i32("the word GGUF") != MAGIC) {
            throw new ModelFormatException(file, "is no GGUF file: it does not begin with GGUF");
        }
        int version = cursor.i32("version");
        requireKnown(cursor, version);
        long numTensors = cursor.count("tensor count", MIN_TENSOR_BYTES);
        long numKeys = cursor.count("key count", GgufMetadata.MIN_KEY_BYTES);
        GgufMetadata metadata = GgufMetadata.read(file, cursor, numKeys);
        int alignment = alignment(metadata);
        List<Line> lines = new ArrayList<>();
        for (long i = 0; i < numTensors; i++) {
            lines.add(line(cursor, i));
        }
        return new GgufHeader(version, metadata,
                place(file, lines, padded(cursor.offset(), alignment), alignment, bytes.byteSize()));
    }

    private static void requireKnown(GgufCursor cursor, int version) throws ModelFormatException {
        int swapped = Integer.reverseBytes(version);
        if (swapped > 0 && swapped < 1 << 16) {
            throw cursor.refusal("is big-endian (version " + swapped
                    + "), only little-endian files are read; convert it with gguf-convert-endian");
        }
        if (version != 2 && version != 3) {
            throw cursor.refusal("GGUF version " + Integer.toUnsignedString(version) + ", versions 2 and 3 are read");
        }
    }

    private static int alignment(GgufMetadata metadata) throws ModelFormatException {
        int alignment = metadata.findInt(ALIGNMENT_KEY, 1, 1 << 30).orElse(DEFAULT_ALIGNMENT);
        if (Integer.bitCount(alignment) != 1) {
            throw metadata.refusal(ALIGNMENT_KEY, alignment + ", must be a power of two");
        }
        return alignment;
    }

    private static Line line(GgufCursor cursor, long index) throws ModelFormatException {
        String name = cursor.string("name of tensor " + index);
        if (name.isEmpty() || name.length() > MAX_NAME_BYTES) {
            throw cursor.refusal("name of tensor " + index + " has " + name.length() + " characters, must have 1 to "
                    + MAX_NAME_BYTES);
        }
        int numDimensions = cursor.i32("tensor " + name);
        if (numDimensions < 1 || numDimensions > MAX_DIMENSIONS) {
            throw cursor.refusal("tensor " + name + " has " + Integer.toUnsignedString(numDimensions)
                    + " dimensions, must have 1 to " + MAX_DIMENSIONS);
        }
        Long[] shape = new Long[numDimensions];
        for (int i = numDimensions - 1; i >= 0; i--) {
            shape[i] = cursor.i64("tensor " + name);
        }
        GgufType type = GgufType.of(cursor, name, cursor.i32("tensor " + name));
        return new Line(name, type, Arrays.asList(shape), numBytes(cursor, name, type, shape),
                cursor.i64("tensor " + name));
    }

    private static long numBytes(GgufCursor cursor, String name, GgufType type, Long... shape)
            throws ModelFormatException {
        long rowLength = shape[shape.length - 1];
        long numElements = 1;
        for (long length : shape) {
            if (length < 1 || Math.multiplyHigh(numElements, length) != 0 || numElements * length < 0
                    || numElements * length > Long.MAX_VALUE / 8) {
                throw cursor.refusal("tensor " + name + " has dimensions " + Arrays.toString(shape)
                        + ", each must be positive and their product below 2^60");
            }
            numElements *= length;
        }
        if (rowLength % type.blockSize() != 0) {
            throw cursor.refusal("tensor " + name + " is " + type + " with rows of " + rowLength
                    + ", must be a multiple of " + type.blockSize());
        }
        return type.bytes(numElements);
    }

    private static Map<String, GgufTensor> place(Path file, List<Line> lines, long dataOffset, int alignment,
            long fileBytes) throws ModelFormatException {
        Map<String, GgufTensor> tensors = new LinkedHashMap<>();
        long expected = 0;
        for (Line line : lines) {
            if (line.offset != expected) {
                throw new ModelFormatException(file, "tensor " + line.name + ": at offset "
                        + Long.toUnsignedString(line.offset) + ", must be at " + expected
                        + ", the end of the one before it");
            }
            if (line.numBytes > fileBytes - dataOffset - expected) {
                throw new ModelFormatException(file, "tensor " + line.name + ": takes bytes "
                        + (dataOffset + expected) + " to " + (dataOffset + expected + line.numBytes)
                        + ", the file ends at " + fileBytes);
            }
            if (tensors.put(line.name, new GgufTensor(line.name, line.type, line.shape, dataOffset + expected,
                    line.numBytes)) != null) {
                throw new ModelFormatException(file, "tensor " + line.name + ": is there twice");
            }
            expected = padded(expected + line.numBytes, alignment);
        }
        return Collections.unmodifiableMap(tensors);
    }

    private static long padded(long offset, int alignment) {
        return (offset + alignment - 1) & -alignment;
    }
}
