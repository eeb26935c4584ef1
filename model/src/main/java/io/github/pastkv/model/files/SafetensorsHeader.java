package io.github.pastkv.model.files;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The checked header of a safetensors file: 8 bytes of header length (little-endian), a JSON object from tensor name to
 * dtype, shape and data offsets, then the data, which the tensors cover without overlap, gap or rest (the rules of the
 * reference implementation, https://github.com/huggingface/safetensors).
 *
 * @param entries tensors by name, in the order of the header
 * @param metadata the strings under {@code __metadata__}
 */
record SafetensorsHeader(Map<String, TensorEntry> entries, Map<String, String> metadata) {
    static final int LENGTH_BYTES = 8;
    static final long MAX_HEADER_BYTES = 100_000_000;

    private static final String METADATA = "__metadata__";
    private static final ValueLayout.OfLong LENGTH = ValueLayout.JAVA_LONG_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final Map<String, Integer> DTYPE_BYTES = Map.ofEntries(Map.entry("BOOL", 1), Map.entry("U8", 1),
            Map.entry("I8", 1), Map.entry("F8_E4M3", 1), Map.entry("F8_E5M2", 1), Map.entry("F8_E8M0", 1),
            Map.entry("I16", 2), Map.entry("U16", 2), Map.entry("F16", 2), Map.entry("BF16", 2), Map.entry("I32", 4),
            Map.entry("U32", 4), Map.entry("F32", 4), Map.entry("I64", 8), Map.entry("U64", 8), Map.entry("F64", 8),
            Map.entry("C64", 8));

    /** Bytes of a number of a known dtype. */
    static int bytesOf(String dtype) {
        Integer bytes = DTYPE_BYTES.get(dtype);
        if (bytes == null) {
            throw new IllegalArgumentException(
                    "dtype: " + dtype + ", known are " + DTYPE_BYTES.keySet().stream().sorted().toList());
        }
        return bytes;
    }

    /** Reads and checks the header of {@code bytes}, the whole of {@code file}. */
    static SafetensorsHeader read(Path file, MemorySegment bytes) throws ModelFormatException {
        long headerBytes = headerLength(file, bytes);
        MemorySegment header = bytes.asSlice(LENGTH_BYTES, headerBytes);
        if (header.get(ValueLayout.JAVA_BYTE, 0) != '{') {
            throw new ModelFormatException(file, "header: byte 8 is not '{'");
        }
        JsonObject json = JsonFile.parse(file, header.toArray(ValueLayout.JAVA_BYTE), "header: ");
        long dataOffset = LENGTH_BYTES + headerBytes;
        Map<String, TensorEntry> entries = new LinkedHashMap<>();
        for (String name : json.keys()) {
            if (!name.equals(METADATA)) {
                entries.put(name, entry(json, name, dataOffset));
            }
        }
        requireFullCoverage(file, entries, dataOffset, bytes.byteSize());
        return new SafetensorsHeader(entries, metadata(json));
    }

    private static long headerLength(Path file, MemorySegment bytes) throws ModelFormatException {
        long fileBytes = bytes.byteSize();
        if (fileBytes < LENGTH_BYTES) {
            throw new ModelFormatException(file,
                    fileBytes + " bytes, a safetensors file begins with 8 bytes of length");
        }
        long length = bytes.get(LENGTH, 0);
        if (length < 2 || length > MAX_HEADER_BYTES) {
            throw new ModelFormatException(file, "header length at byte 0: " + Long.toUnsignedString(length)
                    + ", must be in [2, " + MAX_HEADER_BYTES + "]");
        }
        if (length > fileBytes - LENGTH_BYTES) {
            throw new ModelFormatException(file, "header length at byte 0: " + length + ", but only "
                    + (fileBytes - LENGTH_BYTES) + " bytes follow (file truncated?)");
        }
        return length;
    }

    private static Map<String, String> metadata(JsonObject json) throws ModelFormatException {
        Optional<JsonObject> metadata = json.findObject(METADATA);
        Map<String, String> strings = new LinkedHashMap<>();
        if (metadata.isPresent()) {
            for (String key : metadata.get().keys()) {
                strings.put(key, metadata.get().requireString(key));
            }
        }
        return strings;
    }

    private static TensorEntry entry(JsonObject json, String name, long dataOffset) throws ModelFormatException {
        JsonObject fields = json.requireObject(name);
        String dtype = fields.requireString("dtype");
        List<Long> shape = fields.requireLongs("shape");
        List<Long> offsets = fields.requireLongs("data_offsets");
        for (String key : fields.keys()) {
            if (!List.of("dtype", "shape", "data_offsets").contains(key)) {
                throw fields.refusal(key, "a tensor has dtype, shape and data_offsets only");
            }
        }
        if (offsets.size() != 2 || offsets.get(0) > offsets.get(1)) {
            throw fields.refusal("data_offsets", offsets + ", must be [from, to] with from <= to");
        }
        requireBytes(fields, dtype, shape, offsets.get(1) - offsets.get(0));
        if (offsets.get(1) > Long.MAX_VALUE - dataOffset) {
            throw fields.refusal("data_offsets", offsets + ", beyond any file");
        }
        return new TensorEntry(name, dtype, shape, dataOffset + offsets.get(0), dataOffset + offsets.get(1));
    }

    private static void requireBytes(JsonObject fields, String dtype, List<Long> shape, long actual)
            throws ModelFormatException {
        Integer elementBytes = DTYPE_BYTES.get(dtype);
        if (elementBytes == null) {
            throw fields.refusal("dtype", dtype + ", known are " + DTYPE_BYTES.keySet().stream().sorted().toList());
        }
        long expected = elementBytes;
        for (long length : shape) {
            if (Math.multiplyHigh(expected, length) != 0 || expected * length < 0) {
                throw fields.refusal("shape", shape + ", more than 2^63 bytes");
            }
            expected *= length;
        }
        if (expected != actual) {
            throw fields.refusal("data_offsets", actual + " bytes, but " + dtype + shape + " takes " + expected);
        }
    }

    private static void requireFullCoverage(Path file, Map<String, TensorEntry> entries, long dataOffset,
            long fileBytes) throws ModelFormatException {
        List<TensorEntry> byOffset = new ArrayList<>(entries.values());
        byOffset.sort(Comparator.comparingLong(TensorEntry::fromByteOffset)
                .thenComparingLong(TensorEntry::toByteOffset));
        long covered = dataOffset;
        for (TensorEntry entry : byOffset) {
            if (entry.toByteOffset() > fileBytes) {
                throw new ModelFormatException(file, "tensor " + entry.name() + ": ends at byte "
                        + entry.toByteOffset() + ", the file at byte " + fileBytes + " (truncated?)");
            }
            if (entry.fromByteOffset() != covered) {
                String problem = entry.fromByteOffset() < covered ? "overlaps the one before, which ends"
                        : "leaves a gap after the one before, which ends";
                throw new ModelFormatException(file, "tensor " + entry.name() + ": begins at byte "
                        + entry.fromByteOffset() + ", " + problem + " at byte " + covered);
            }
            covered = entry.toByteOffset();
        }
        if (covered != fileBytes) {
            throw new ModelFormatException(file,
                    "the last tensor ends at byte " + covered + ", the file at byte " + fileBytes);
        }
    }
}
