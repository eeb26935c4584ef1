package io.github.pastkv.tensor;

import io.github.pastkv.cache.check.Require;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;

/**
 * Numbers of one {@link DataType} in a {@link MemorySegment}, seen through a shape and strides (in elements). The
 * tensor does not own its memory: the arena (or the owner of the cache, file or session) that it came from does, and
 * using it after that owner has closed is an {@link IllegalStateException}.
 *
 * <p>Immutable as a view; its numbers are not, and are not guarded against concurrent writes.
 */
public final class Tensor {
    private static final long MAX_ELEMENTS = Long.MAX_VALUE / 8;
    private static final long ALIGNMENT = 64;

    private final DataType dataType;
    private final MemorySegment segment;
    private final long[] shape;
    private final long[] strides;

    private Tensor(DataType dataType, MemorySegment segment, long[] shape, long[] strides) {
        this.dataType = dataType;
        this.segment = segment;
        this.shape = shape;
        this.strides = strides;
    }

    /** A zeroed row-major tensor in memory of {@code arena}. */
    public static Tensor allocate(Arena arena, DataType dataType, long... shape) {
        long bytes = Math.multiplyExact(numElements(shape), dataType.bytes());
        return wrap(dataType, arena.allocate(Math.max(bytes, 1), ALIGNMENT), shape);
    }

    /** Zeros on the heap, F32; {@link #allocate} makes them elsewhere. */
    public static Tensor zeros(long... shape) {
        return zeros(DataType.F32, shape);
    }

    /** Zeros on the heap; {@link #allocate} makes them elsewhere. */
    public static Tensor zeros(DataType dataType, long... shape) {
        return wrap(dataType, TensorMath.heap(dataType, shape), shape);
    }

    /** Ones on the heap, F32. */
    public static Tensor ones(long... shape) {
        return full(DataType.F32, 1, shape);
    }

    /** Ones on the heap. */
    public static Tensor ones(DataType dataType, long... shape) {
        return full(dataType, 1, shape);
    }

    /** {@code value} everywhere, on the heap, F32; without a shape a tensor of no axes, which holds one number. */
    public static Tensor full(float value, long... shape) {
        return full(DataType.F32, value, shape);
    }

    /** {@code value}, rounded to the type, everywhere, on the heap. */
    public static Tensor full(DataType dataType, float value, long... shape) {
        Tensor tensor = zeros(dataType, shape);
        new Tensor(DataType.F32, MemorySegment.ofArray(new float[] {value}), tensor.shape, new long[shape.length])
                .copyTo(tensor);
        return tensor;
    }

    /** A row-major F32 tensor over {@code values}, which it shares. */
    public static Tensor of(float[] values, long... shape) {
        return wrap(DataType.F32, MemorySegment.ofArray(values), shape);
    }

    /** A row-major F32 tensor with a copy of {@code values}, rounded. */
    public static Tensor of(double[] values, long... shape) {
        return of(Floats.of(values), shape);
    }

    /** A row-major F32 tensor with a copy of {@code values}, rounded beyond 2^24. */
    public static Tensor of(int[] values, long... shape) {
        return of(Floats.of(values), shape);
    }

    /** A row-major tensor with a copy of {@code values}, rounded to the type. */
    public static Tensor of(DataType dataType, float[] values, long... shape) {
        Tensor tensor = zeros(dataType, shape);
        of(values, shape).copyTo(tensor);
        return tensor;
    }

    /** A row-major tensor over the bits of F16 or BF16 numbers, which it shares. */
    public static Tensor of(DataType dataType, short[] bits, long... shape) {
        if (dataType.bytes() != Short.BYTES) {
            throw new IllegalArgumentException("dataType: " + dataType + ", short[] holds F16 or BF16");
        }
        return wrap(dataType, MemorySegment.ofArray(bits), shape);
    }

    /** A row-major I8 tensor over {@code values}, which it shares. */
    public static Tensor of(byte[] values, long... shape) {
        return wrap(DataType.I8, MemorySegment.ofArray(values), shape);
    }

    /** A row-major tensor over the first bytes of {@code segment}. */
    public static Tensor wrap(DataType dataType, MemorySegment segment, long... shape) {
        long bytes = Math.multiplyExact(numElements(shape), dataType.bytes());
        if (segment.byteSize() < bytes) {
            throw new IllegalArgumentException("segment: " + segment.byteSize() + " bytes, but " + dataType
                    + Arrays.toString(shape) + " needs " + bytes);
        }
        return new Tensor(dataType, segment, shape.clone(), rowMajorStrides(shape));
    }

    public DataType dataType() {
        return dataType;
    }

    /** The memory, beginning at element 0. */
    public MemorySegment segment() {
        return segment;
    }

    public int rank() {
        return shape.length;
    }

    /** A copy of the lengths of all axes. */
    public long[] shape() {
        return shape.clone();
    }

    /** Length of one axis. */
    public long shape(int axis) {
        return shape[Require.index("axis", axis, shape.length)];
    }

    /** Elements between neighbors on one axis. */
    public long stride(int axis) {
        return strides[Require.index("axis", axis, strides.length)];
    }

    public long numElements() {
        return numElements(shape);
    }

    /** Whether the elements lie in row-major order without gaps; how far an axis of length 1 strides does not count. */
    public boolean isContiguous() {
        long expected = 1;
        for (int axis = shape.length - 1; axis >= 0; axis--) {
            if (shape[axis] != 1 && strides[axis] != expected) {
                return false;
            }
            expected *= shape[axis];
        }
        return true;
    }

    /** Byte offset of an element from the start of {@link #segment()}; for tests and other slow paths. */
    public long byteOffset(long... index) {
        if (index.length != shape.length) {
            throw new IllegalArgumentException("index: " + index.length + " axes, tensor has " + shape.length);
        }
        long elementOffset = 0;
        for (int axis = 0; axis < index.length; axis++) {
            if (index[axis] < 0 || index[axis] >= shape[axis]) {
                throw new IndexOutOfBoundsException("index: " + Arrays.toString(index) + ", the tensor is "
                        + typeAndShape());
            }
            elementOffset += index[axis] * strides[axis];
        }
        return elementOffset * dataType.bytes();
    }

    public float get(long... index) {
        return dataType.read(segment, byteOffset(index));
    }

    public void set(float value, long... index) {
        requireWritable();
        dataType.write(segment, byteOffset(index), value);
    }

    private void requireWritable() {
        if (segment.isReadOnly()) {
            throw new IllegalArgumentException("this tensor is read-only: write to a copy() of it");
        }
    }

    /** The part {@code [from, to)} of one axis, over the same memory. */
    public Tensor narrow(int axis, long from, long to) {
        Require.range("axis " + axis, from, to, shape(axis));
        long[] narrowed = shape.clone();
        narrowed[axis] = to - from;
        long start = numElements(narrowed) == 0 ? 0 : from * strides[axis];
        return new Tensor(dataType, segment.asSlice(start * dataType.bytes()), narrowed, strides);
    }

    /** The part at {@code index} of one axis, without that axis, over the same memory. */
    public Tensor select(int axis, long index) {
        Tensor part = narrow(axis, index, index + 1);
        long[] newShape = new long[shape.length - 1];
        long[] newStrides = new long[shape.length - 1];
        for (int i = 0; i < newShape.length; i++) {
            newShape[i] = part.shape[i < axis ? i : i + 1];
            newStrides[i] = part.strides[i < axis ? i : i + 1];
        }
        return new Tensor(dataType, part.segment, newShape, newStrides);
    }

    /** Two axes exchanged, over the same memory. */
    public Tensor transpose(int axis, int otherAxis) {
        long[] newShape = shape.clone();
        long[] newStrides = strides.clone();
        newShape[axis] = shape(otherAxis);
        newShape[otherAxis] = shape(axis);
        newStrides[axis] = strides[otherAxis];
        newStrides[otherAxis] = strides[axis];
        return new Tensor(dataType, segment, newShape, newStrides);
    }

    /**
     * One axis seen as several, over the same memory: {@code unflatten(1, H, D)} makes {@code [T, H * D]}
     * {@code [T, H, D]}.
     */
    public Tensor unflatten(int axis, long... lengths) {
        if (numElements(lengths) != shape(axis)) {
            throw new IllegalArgumentException(
                    "lengths: " + Arrays.toString(lengths) + ", axis " + axis + " of " + typeAndShape()
                            + " cannot be seen so");
        }
        long[] newShape = new long[shape.length + lengths.length - 1];
        long[] newStrides = new long[newShape.length];
        System.arraycopy(shape, 0, newShape, 0, axis);
        System.arraycopy(strides, 0, newStrides, 0, axis);
        System.arraycopy(shape, axis + 1, newShape, axis + lengths.length, shape.length - axis - 1);
        System.arraycopy(strides, axis + 1, newStrides, axis + lengths.length, shape.length - axis - 1);
        long stride = strides[axis];
        for (int i = lengths.length - 1; i >= 0; i--) {
            newShape[axis + i] = lengths[i];
            newStrides[axis + i] = stride;
            stride *= lengths[i];
        }
        return new Tensor(dataType, segment, newShape, newStrides);
    }

    /** The same numbers, which cannot be written through it. */
    public Tensor asReadOnly() {
        return new Tensor(dataType, segment.asReadOnly(), shape, strides);
    }

    /** A copy on the heap, F32 and row-major. */
    public Tensor copy() {
        return of(toFloatArray(), shape);
    }

    /** The same contiguous elements under another shape. */
    public Tensor reshape(long... newShape) {
        if (!isContiguous() || numElements(newShape) != numElements()) {
            throw new IllegalArgumentException(
                    "shape: " + typeAndShape() + " cannot be seen as " + Arrays.toString(newShape));
        }
        return new Tensor(dataType, segment, newShape.clone(), rowMajorStrides(newShape));
    }

    /**
     * The sum of both, element by element: F32, on the heap. As in numpy, shapes are aligned at their last axis, and an
     * axis that is missing or of length 1 is repeated.
     */
    public Tensor add(Tensor other) {
        return TensorMath.elementwise("add", this, other, Float::sum);
    }

    /** The difference of both, with the shapes of {@link #add}. */
    public Tensor sub(Tensor other) {
        return TensorMath.elementwise("sub", this, other, (a, b) -> a - b);
    }

    /** The product of both, element by element, with the shapes of {@link #add}. */
    public Tensor mul(Tensor other) {
        return TensorMath.elementwise("mul", this, other, (a, b) -> a * b);
    }

    /** The sums along one axis, which goes: F32, on the heap, added in float in order. */
    public Tensor sum(int axis) {
        return TensorMath.sum(this, axis);
    }

    /**
     * The matrix product {@code [.., M, K] x [.., K, N] -> [.., M, N]}, where the axes before are equal or
     * {@code other} has none: F32, on the heap, each sum an fma chain in float in order of K.
     */
    public Tensor matmul(Tensor other) {
        return TensorMath.matmul(this, other);
    }

    /** Softmax along the last axis, computed in double: F32, on the heap. */
    public Tensor softmax() {
        return TensorMath.softmax(this);
    }

    /**
     * The logarithm of the sum of the exponentials of all elements, in double; a logit less this is the logarithm of
     * its probability. Negative infinity if there are none.
     */
    public double logSumExp() {
        return TensorMath.logSumExp(toFloatArray());
    }

    /**
     * Where the greatest element is, counted in row-major order: for logits {@code [V]} or {@code [1, 1, V]} the token.
     * Of equal ones the first; NaN counts as greatest.
     */
    public int argmax() {
        return topK(1)[0];
    }

    /** Where the {@code k} greatest elements are, greatest first, counted and ordered as in {@link #argmax}. */
    public int[] topK(int k) {
        return TensorMath.topK(this, k);
    }

    /** The square root of the sum of all squares, in double. */
    public double norm() {
        return TensorMath.norm(toFloatArray());
    }

    /** All elements, widened, in row-major order. */
    public float[] toFloatArray() {
        float[] values = new float[Math.toIntExact(numElements())];
        copyTo(of(values, shape));
        return values;
    }

    /** Copies all elements into {@code target}, of the same shape, rounding to its type. */
    public void copyTo(Tensor target) {
        if (!Arrays.equals(shape, target.shape)) {
            throw new IllegalArgumentException("target: " + target.typeAndShape() + ", source is " + typeAndShape());
        }
        long rowLength = shape.length == 0 ? 1 : shape[shape.length - 1];
        long[] index = new long[shape.length];
        for (long i = 0, n = numElements(); i < n; i += rowLength) {
            copyRow(byteOffset(index), target, target.byteOffset(index), rowLength);
            advanceRow(index);
        }
    }

    /** Takes over all elements of {@code source}, of the same shape, rounding to this type. */
    public void copyFrom(Tensor source) {
        requireWritable();
        source.copyTo(this);
    }

    private void copyRow(long fromOffset, Tensor target, long toOffset, long length) {
        long step = shape.length == 0 ? 1 : strides[shape.length - 1];
        long targetStep = shape.length == 0 ? 1 : target.strides[shape.length - 1];
        if (step == 1 && targetStep == 1 && dataType == target.dataType) {
            MemorySegment.copy(segment, fromOffset, target.segment, toOffset, length * dataType.bytes());
            return;
        }
        for (long i = 0; i < length; i++) {
            float number = dataType.read(segment, fromOffset + i * step * dataType.bytes());
            target.dataType.write(target.segment, toOffset + i * targetStep * target.dataType.bytes(), number);
        }
    }

    /** To the next row along the last axis. */
    private void advanceRow(long[] index) {
        for (int axis = index.length - 2; axis >= 0; axis--) {
            if (++index[axis] < shape[axis]) {
                return;
            }
            index[axis] = 0;
        }
    }

    /** The same memory seen through another shape and strides, which the tensor keeps. */
    Tensor strided(long[] newShape, long[] newStrides) {
        return new Tensor(dataType, segment, newShape, newStrides);
    }

    static long numElements(long[] shape) {
        Objects.requireNonNull(shape, "shape: null");
        long product = 1;
        for (long length : shape) {
            if (length < 0) {
                throw new IllegalArgumentException("shape: negative length in " + Arrays.toString(shape));
            }
            if (Math.multiplyHigh(product, length) != 0 || product * length < 0 || product * length > MAX_ELEMENTS) {
                throw new IllegalArgumentException("shape: " + Arrays.toString(shape) + ", more than " + MAX_ELEMENTS
                        + " elements");
            }
            product *= length;
        }
        return product;
    }

    private static long[] rowMajorStrides(long[] shape) {
        long[] strides = new long[shape.length];
        long stride = 1;
        for (int axis = shape.length - 1; axis >= 0; axis--) {
            strides[axis] = stride;
            stride *= shape[axis];
        }
        return strides;
    }

    /** What messages say of a tensor, for example {@code F32[2, 3, 5]}. */
    public String typeAndShape() {
        return dataType + Arrays.toString(shape);
    }

    /** {@link #toString(int)} with 4 digits. */
    @Override
    public String toString() {
        return toString(4);
    }

    /**
     * Type and shape, and the numbers as numpy prints F32 with {@code suppress} (I8 as integers; F16 and BF16 as the
     * F32 that they widen to): at most {@code precision} digits after the point, scientific from 10^6 on, and where all
     * are below 0.001 and one is below 0.0001; of more than 1,000 numbers three at each end of an axis; 75 columns.
     * Only type and shape where the memory is closed.
     */
    public String toString(int precision) {
        try {
            return typeAndShape() + "\n" + new TensorFormat(this, precision).format();
        } catch (IllegalStateException e) {
            return typeAndShape() + " (closed)";
        }
    }
}
