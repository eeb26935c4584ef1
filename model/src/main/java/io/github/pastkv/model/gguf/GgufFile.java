package io.github.pastkv.model.gguf;

import io.github.pastkv.kernels.weights.GroupedRow;
import io.github.pastkv.model.files.MappedFile;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;

/**
 * One GGUF file, checked when it is opened and mapped into memory. The file must not be shortened while it is open.
 *
 * <p>Safe for any number of threads, its metadata for one.
 */
public final class GgufFile implements AutoCloseable {
    private final MappedFile file;
    private final GgufHeader header;

    private GgufFile(MappedFile file, GgufHeader header) {
        this.file = file;
        this.header = header;
    }

    /**
     * Opens and checks a file.
     *
     * @throws ModelFormatException if it is not there or breaks a rule of the format
     */
    public static GgufFile open(Path path) throws IOException {
        MappedFile file = MappedFile.open(path);
        try {
            return new GgufFile(file, GgufHeader.read(path, file.bytes()));
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    public Path path() {
        return file.path();
    }

    /** Version of the format: 2 or 3. */
    public int version() {
        return header.version();
    }

    public GgufMetadata metadata() {
        return header.metadata();
    }

    /** All tensors by name, in the order of the file. */
    public Map<String, GgufTensor> tensors() {
        return header.tensors();
    }

    /** All tensors, in the order of the file. */
    public Collection<GgufTensor> entries() {
        return header.tensors().values();
    }

    /** The bytes of a tensor of this file, read-only. */
    public MemorySegment bytes(GgufTensor tensor) {
        return file.bytes().asSlice(tensor.byteOffset(), tensor.numBytes());
    }

    /** A view of a tensor of floats. */
    Tensor floats(GgufTensor tensor) {
        return Tensor.wrap(DataType.valueOf(tensor.type().name()), bytes(tensor),
                tensor.shape().stream().mapToLong(Long::longValue).toArray());
    }

    /** Reads rows, counted over all outer axes, of a tensor of blocks. */
    GroupedRow.Source rows(GgufTensor tensor) {
        MemorySegment bytes = bytes(tensor);
        GgufType type = tensor.type();
        Blocks.Reader reader = type.blocks();
        int rowBytes = Math.toIntExact(tensor.rowBytes());
        int numBlocks = Math.toIntExact(tensor.rowLength() / type.blockSize());
        return (output, row) -> {
            byte[] blocks = new byte[rowBytes];
            MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, output * rowBytes, blocks, 0, rowBytes);
            for (int block = 0; block < numBlocks; block++) {
                reader.read(blocks, block * type.blockBytes(), row, block * type.blockSize());
            }
        };
    }

    /** Releases its memory; it is read from the file again where it is needed. */
    void unload() {
        file.bytes().unload();
    }

    /** Refuses a file that was changed in place since it was opened. */
    void requireWhole() throws ModelFormatException {
        file.requireWhole();
    }

    /** Refuses if its path does not lead to the file as it was opened. */
    void requireSame() throws ModelFormatException {
        file.requireSame();
    }

    /** Unmaps the file; its tensors may not be used any more. Closing twice is allowed. */
    @Override
    public void close() {
        file.close();
    }
}
