package io.github.pastkv.model.files;

import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;

/**
 * A safetensors file, checked when it is opened and mapped into memory. Tensors are views of the mapping: nothing is
 * copied, and using one after {@link #close} is an {@link IllegalStateException}. The file must not be shortened while
 * it is open; see {@link #requireWhole}.
 *
 * <p>Safe for any number of threads.
 */
public final class SafetensorsFile implements AutoCloseable {
    private static final Set<String> TENSOR_DTYPES = Set.of("F32", "F16", "BF16");
    private static final ValueLayout.OfLong I64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final MappedFile file;
    private final SafetensorsHeader header;

    private SafetensorsFile(MappedFile file, SafetensorsHeader header) {
        this.file = file;
        this.header = header;
    }

    /**
     * Opens and checks a file.
     *
     * @throws ModelFormatException if it is not there or breaks a rule of the format
     */
    public static SafetensorsFile open(Path path) throws IOException {
        MappedFile file = MappedFile.open(path);
        try {
            if (!hasHeader(file.bytes())) {
                ForeignContent.refuse(path, file.bytes());
            }
            return new SafetensorsFile(file, SafetensorsHeader.read(path, file.bytes()));
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /** Whether an object follows the header's length, whose bytes may look like another kind of file. */
    private static boolean hasHeader(MemorySegment bytes) {
        return bytes.byteSize() > Long.BYTES && bytes.get(ValueLayout.JAVA_BYTE, Long.BYTES) == '{';
    }

    public Path path() {
        return file.path();
    }

    /** All tensors, in the order of the file's header. */
    public Collection<TensorEntry> entries() {
        return Collections.unmodifiableCollection(header.entries().values());
    }

    /** Names of all tensors, in the order of the file's header. */
    public List<String> names() {
        return List.copyOf(header.entries().keySet());
    }

    /** The strings under {@code __metadata__}; empty if there are none. */
    public Map<String, String> metadata() {
        return Collections.unmodifiableMap(header.metadata());
    }

    public boolean contains(String name) {
        return header.entries().containsKey(name);
    }

    /** The description of one tensor. */
    public TensorEntry entry(String name) throws ModelFormatException {
        TensorEntry entry = header.entries().get(name);
        if (entry == null) {
            throw new ModelFormatException(path(), "tensor " + name + ": not in this file");
        }
        return entry;
    }

    /** A view of a tensor of dtype F32, F16 or BF16. */
    public Tensor tensor(String name) throws ModelFormatException {
        TensorEntry entry = entry(name);
        if (!TENSOR_DTYPES.contains(entry.dtype())) {
            throw dtypeRefusal(entry, "F32, F16 or BF16");
        }
        return Tensor.wrap(DataType.valueOf(entry.dtype()), segment(entry), entry.shapeArray());
    }

    /** A view of a tensor of dtype I8: integers that mean something only with scales. */
    public Tensor integers(String name) throws ModelFormatException {
        TensorEntry entry = entry(name);
        if (!entry.dtype().equals("I8")) {
            throw dtypeRefusal(entry, "I8");
        }
        return Tensor.wrap(DataType.I8, segment(entry), entry.shapeArray());
    }

    /** The bytes of a tensor of any dtype, read-only, row-major and little-endian. */
    public MemorySegment segment(String name) throws ModelFormatException {
        return segment(entry(name));
    }

    /** A copy of a tensor of dtype I64 or I32, in row-major order. */
    public long[] longs(String name) throws ModelFormatException {
        TensorEntry entry = entry(name);
        MemorySegment data = segment(entry);
        return switch (entry.dtype()) {
            case "I64" -> LongStream.range(0, entry.numBytes() / 8).map(i -> data.getAtIndex(I64, i)).toArray();
            case "I32" -> LongStream.range(0, entry.numBytes() / 4).map(i -> data.getAtIndex(I32, i)).toArray();
            default -> throw dtypeRefusal(entry, "I64 or I32");
        };
    }

    /** Refuses a file that was changed in place since it was opened. */
    void requireWhole() throws ModelFormatException {
        file.requireWhole();
    }

    /** Refuses if its path does not lead to the file as it was opened. */
    void requireSame() throws ModelFormatException {
        file.requireSame();
    }

    private MemorySegment segment(TensorEntry entry) {
        return file.bytes().asSlice(entry.fromByteOffset(), entry.numBytes());
    }

    private ModelFormatException dtypeRefusal(TensorEntry entry, String expected) {
        return new ModelFormatException(path(),
                "tensor " + entry.name() + ": is " + entry.describe() + ", must be " + expected);
    }

    /** Unmaps the file; its tensors may not be used any more. Closing twice is allowed. */
    @Override
    public void close() {
        file.close();
    }

    @Override
    public String toString() {
        return "SafetensorsFile[" + path() + ", " + header.entries().size() + " tensors]";
    }
}
