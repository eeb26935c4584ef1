package io.github.pastkv.model.files;

import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/**
 * The tensors of a model by name, independent of their storage. Names, shapes and the meaning of every number are those
 * of Hugging Face's checkpoints of the model's family; a source in another format translates (names, row orders,
 * offsets added to norms), so that families need not know it.
 *
 * <p>Tensors are views whose memory belongs to the source: using one after {@link #close} is an
 * {@link IllegalStateException}. Safe for any number of threads.
 */
public interface WeightSource extends AutoCloseable {
    /** The order of a linear weight's axes in Hugging Face's checkpoint. */
    enum Layout {
        /** {@code [outputs, inputs]}, as torch.nn.Linear stores it. */
        OUTPUTS_FIRST,
        /** {@code [inputs, outputs]}, as GPT-2's Conv1D stores it. */
        INPUTS_FIRST
    }

    /** The file that describes the weights; messages about all of them begin with it. */
    Path location();

    /** Names of all tensors. */
    Set<String> names();

    /** The file that holds a tensor, or {@link #location} if none does. */
    Path fileOf(String name);

    /** The description of a tensor as its file gives it, or empty if there is none of this name. */
    Optional<TensorEntry> entry(String name) throws ModelFormatException;

    /**
     * A view of a tensor of floats, widened to F32 first if its file stores something else than F32, F16 or BF16.
     *
     * @throws ModelFormatException if there is none of this name, or its type or shape is another
     */
    Tensor tensor(String name, long... shape) throws ModelFormatException;

    /**
     * The weight of a linear layer as {@code [outputs, inputs]}, in the form in which it is stored.
     *
     * @param layout the order of axes in which Hugging Face's checkpoint has it
     * @throws ModelFormatException if there is none of this name, or its type or shape is another
     */
    WeightMatrix linear(String name, Layout layout, int outputs, int inputs) throws ModelFormatException;

    /**
     * A table of rows that are looked up, such as an embedding, {@code [rows, width]}, in the form in which it is
     * stored.
     *
     * @throws ModelFormatException if there is none of this name, or its type or shape is another
     */
    default WeightMatrix table(String name, int rows, int width) throws ModelFormatException {
        return WeightMatrix.of(tensor(name, rows, width), null, null);
    }

    /** Releases the memory of mapped files, which stay readable: for when weights have been packed. */
    default void unload() {}

    /** How {@code config.json} says that linear weights are quantized; empty where it does not. */
    Optional<QuantizedConfig> quantization();

    /** Whether a tensor holds no number that is infinite or NaN. Reads all of it, on all processors. */
    boolean isFinite(String name) throws ModelFormatException;

    /** The bytes of a tensor of any type as its file stores them, read-only and little-endian. */
    MemorySegment bytes(String name) throws ModelFormatException;

    /**
     * Refuses weights whose files were changed in place since they were opened. Cheap: asks for lengths and times
     * only.
     *
     * @throws ModelFormatException if a file is shorter, was modified at another time, or cannot be read any more
     */
    void requireWhole() throws ModelFormatException;

    /** Gives the memory back; tensors may not be used any more. Closing twice is allowed. */
    @Override
    void close();
}
