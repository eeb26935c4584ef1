package io.github.pastkv.model.files;

import io.github.pastkv.tensor.Tensor;
import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Collects tensors and writes them as one safetensors file that appears whole or not at all. Tensors are written as F32
 * whatever their type, integers as I64, bytes as what they are said to be. Nothing is copied before {@link #write}:
 * tensors must be alive and unchanged until then.
 *
 * <p>Not safe for use by several threads.
 */
public final class SafetensorsWriter {
    private static final int HEADER_ALIGNMENT = 8;

    private final Map<String, Part> parts = new LinkedHashMap<>();
    private final Map<String, String> metadata = new TreeMap<>();

    private record Part(String dtype, List<Long> shape, int elementBytes, Body body) {
        long numBytes() {
            return shape.stream().reduce((long) elementBytes, Math::multiplyExact);
        }
    }

    @FunctionalInterface
    private interface Body {
        void writeTo(DataOutputStream out) throws IOException;
    }

    /** Makes the bytes of a tensor, as many as its dtype and shape take. */
    @FunctionalInterface
    public interface Bytes {
        /** Memory of {@code arena}, or that lives longer. */
        MemorySegment make(Arena arena) throws IOException;
    }

    /** A writer without tensors. */
    public SafetensorsWriter() {}

    /** Adds a tensor, to be written as F32 in row-major order. */
    public SafetensorsWriter add(String name, Tensor tensor) {
        return add(name, new Part("F32", boxed(tensor.shape()), Float.BYTES,
                out -> LittleEndian.writeFloats(tensor, out)));
    }

    /** Adds integers, to be written as I64; {@code values} are in row-major order of {@code shape}. */
    public SafetensorsWriter add(String name, long[] values, long... shape) {
        Part part = new Part("I64", boxed(shape), Long.BYTES, out -> LittleEndian.writeLongs(values, out));
        if (part.numBytes() != (long) values.length * Long.BYTES) {
            throw new IllegalArgumentException(
                    "values: " + values.length + " numbers, shape is " + Arrays.toString(shape));
        }
        return add(name, part);
    }

    /**
     * Adds numbers of any dtype as bytes, little-endian and in row-major order, made when the file is written and freed
     * when they are in it.
     */
    public SafetensorsWriter add(String name, String dtype, List<Long> shape, Bytes bytes) {
        Part part = new Part(dtype, List.copyOf(shape), SafetensorsHeader.bytesOf(dtype), out -> {
            try (Arena arena = Arena.ofShared()) {
                MemorySegment made = bytes.make(arena);
                LittleEndian.writeBytes(made, made.byteSize(), out);
            }
        });
        return add(name, part);
    }

    /** Adds texts to the header, under {@code __metadata__}. */
    public SafetensorsWriter withMetadata(Map<String, String> texts) {
        metadata.putAll(texts);
        return this;
    }

    private SafetensorsWriter add(String name, Part part) {
        if (name.equals("__metadata__") || parts.putIfAbsent(name, part) != null) {
            throw new IllegalArgumentException("name: " + name + ", already taken");
        }
        return this;
    }

    /**
     * Writes all tensors to {@code file}, through a temporary file beside it that is moved into place; a file that was
     * there is replaced.
     */
    public void write(Path file) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null || file.getFileName() == null) {
            throw new IllegalArgumentException("file: " + file + ", is no file name");
        }
        // Not createTempFile: its files are for their owner's eyes only, and the result would stay so.
        Path temporary = folder.resolve("." + file.getFileName() + "." + UUID.randomUUID() + ".tmp");
        try {
            try (OutputStream stream = Files.newOutputStream(temporary, StandardOpenOption.CREATE_NEW)) {
                writeTo(new DataOutputStream(new BufferedOutputStream(stream, LittleEndian.BUFFER_BYTES)));
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private void writeTo(DataOutputStream out) throws IOException {
        byte[] header = header();
        out.writeLong(Long.reverseBytes(header.length));
        out.write(header);
        for (Part part : parts.values()) {
            part.body().writeTo(out);
        }
        out.flush();
    }

    /** The JSON header, padded with spaces so that the data begins at a multiple of 8. */
    private byte[] header() {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        if (!metadata.isEmpty()) {
            ObjectNode texts = root.putObject("__metadata__");
            metadata.forEach(texts::put);
        }
        long offset = 0;
        for (Map.Entry<String, Part> entry : parts.entrySet()) {
            Part part = entry.getValue();
            ObjectNode fields = root.putObject(entry.getKey());
            fields.put("dtype", part.dtype());
            ArrayNode shape = fields.putArray("shape");
            part.shape().forEach(shape::add);
            fields.putArray("data_offsets").add(offset).add(offset + part.numBytes());
            offset += part.numBytes();
        }
        byte[] json = root.toString().getBytes(StandardCharsets.UTF_8);
        byte[] padded = Arrays.copyOf(json, Math.ceilDiv(json.length, HEADER_ALIGNMENT) * HEADER_ALIGNMENT);
        Arrays.fill(padded, json.length, padded.length, (byte) ' ');
        return padded;
    }

    private static List<Long> boxed(long[] shape) {
        return Arrays.stream(shape).boxed().toList();
    }
}
