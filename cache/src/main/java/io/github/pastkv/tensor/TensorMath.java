package io.github.pastkv.tensor;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** The arithmetic of {@link Tensor}, over copies of its numbers: for analysis, not for a forward pass. */
final class TensorMath {
    private static final int MAX_ARRAY_LENGTH = Integer.MAX_VALUE - 8;

    private TensorMath() {}

    /** A function of two numbers. */
    @FunctionalInterface
    interface Operation {
        float apply(float a, float b);
    }

    /** Zeroed memory on the heap, aligned to the type. */
    static MemorySegment heap(DataType dataType, long... shape) {
        int length = arrayLength(dataType, shape);
        return switch (dataType) {
            case F32 -> MemorySegment.ofArray(new float[length]);
            case F16, BF16 -> MemorySegment.ofArray(new short[length]);
            case I8 -> MemorySegment.ofArray(new byte[length]);
        };
    }

    private static int arrayLength(DataType dataType, long... shape) {
        long numElements = Tensor.numElements(shape);
        if (numElements > MAX_ARRAY_LENGTH) {
            throw new IllegalArgumentException("shape: " + dataType + Arrays.toString(shape) + " has " + numElements
                    + " numbers, an array on the heap holds " + MAX_ARRAY_LENGTH + "; use allocate");
        }
        return (int) numElements;
    }

    static Tensor elementwise(String name, Tensor a, Tensor b, Operation operation) {
        long[] shape = broadcastShape(name, a, b);
        float[] left = broadcast(a, shape).toFloatArray();
        float[] right = broadcast(b, shape).toFloatArray();
        for (int i = 0; i < left.length; i++) {
            left[i] = operation.apply(left[i], right[i]);
        }
        return Tensor.of(left, shape);
    }

    private static long[] broadcastShape(String name, Tensor a, Tensor b) {
        long[] shape = new long[Math.max(a.rank(), b.rank())];
        for (int fromEnd = 1; fromEnd <= shape.length; fromEnd++) {
            long length = fromEnd <= a.rank() ? a.shape(a.rank() - fromEnd) : 1;
            long other = fromEnd <= b.rank() ? b.shape(b.rank() - fromEnd) : 1;
            if (length != other && length != 1 && other != 1) {
                throw new IllegalArgumentException(name + ": " + a.typeAndShape() + " and " + b.typeAndShape()
                        + ", axes must be equal or 1, counted from the last");
            }
            shape[shape.length - fromEnd] = length == 1 ? other : length;
        }
        return shape;
    }

    /** A view that repeats missing axes and those of length 1, by strides of 0. */
    private static Tensor broadcast(Tensor tensor, long[] shape) {
        long[] strides = new long[shape.length];
        int added = shape.length - tensor.rank();
        for (int axis = added; axis < shape.length; axis++) {
            strides[axis] = tensor.shape(axis - added) == 1 ? 0 : tensor.stride(axis - added);
        }
        return tensor.strided(shape, strides);
    }

    static Tensor sum(Tensor tensor, int axis) {
        long[] shape = tensor.shape();
        long length = tensor.shape(axis);
        shape[axis] = 1;
        float[] sums = new float[arrayLength(DataType.F32, shape)];
        for (long i = 0; i < length; i++) {
            float[] part = tensor.narrow(axis, i, i + 1).toFloatArray();
            for (int j = 0; j < sums.length; j++) {
                sums[j] += part[j];
            }
        }
        return Tensor.of(sums, without(shape, axis));
    }

    private static long[] without(long[] shape, int axis) {
        long[] rest = Arrays.copyOf(shape, shape.length - 1);
        System.arraycopy(shape, axis + 1, rest, axis, rest.length - axis);
        return rest;
    }

    static Tensor matmul(Tensor a, Tensor b) {
        requireMatrices(a, b);
        int rank = a.rank();
        int m = Math.toIntExact(a.shape(rank - 2));
        int k = Math.toIntExact(a.shape(rank - 1));
        int n = Math.toIntExact(b.shape(b.rank() - 1));
        long[] shape = a.shape();
        shape[rank - 1] = n;
        float[] sums = new float[arrayLength(DataType.F32, shape)]; // [.., M, N]
        int numRows = Math.toIntExact(Tensor.numElements(Arrays.copyOf(shape, rank - 1)));
        float[] left = a.toFloatArray(); // [.., M, K]
        float[] right = b.toFloatArray(); // [.., K, N] or [K, N]
        for (int row = 0; row < numRows; row++) {
            int matrix = b.rank() == 2 ? 0 : row / m;
            for (int i = 0; i < k; i++) {
                addScaled(left[row * k + i], right, (matrix * k + i) * n, sums, row * n, n);
            }
        }
        return Tensor.of(sums, shape);
    }

    /** Leading axes must agree, unless the second is one matrix. */
    private static void requireMatrices(Tensor a, Tensor b) {
        boolean fits = a.rank() >= 2 && b.rank() >= 2 && a.shape(a.rank() - 1) == b.shape(b.rank() - 2)
                && (b.rank() == 2 || Arrays.equals(Arrays.copyOf(a.shape(), a.rank() - 2),
                        Arrays.copyOf(b.shape(), b.rank() - 2)));
        if (!fits) {
            throw new IllegalArgumentException("matmul: " + a.typeAndShape() + " and " + b.typeAndShape()
                    + ", must be [.., M, K] and [.., K, N] or [K, N]");
        }
    }

    private static void addScaled(float factor, float[] from, int fromOffset, float[] to, int toOffset, int length) {
        for (int i = 0; i < length; i++) {
            to[toOffset + i] = Math.fma(factor, from[fromOffset + i], to[toOffset + i]);
        }
    }

    static Tensor softmax(Tensor tensor) {
        if (tensor.rank() == 0) {
            throw new IllegalArgumentException("softmax: " + tensor.typeAndShape() + " has no axis");
        }
        float[] numbers = tensor.toFloatArray();
        int length = Math.toIntExact(tensor.shape(tensor.rank() - 1));
        for (int start = 0; start < numbers.length; start += length) {
            double logSum = logSumExp(Arrays.copyOfRange(numbers, start, start + length));
            for (int i = start; i < start + length; i++) {
                numbers[i] = (float) StrictMath.exp(numbers[i] - logSum);
            }
        }
        return Tensor.of(numbers, tensor.shape());
    }

    static double logSumExp(float[] numbers) {
        double greatest = Double.NEGATIVE_INFINITY;
        for (float number : numbers) {
            greatest = Math.max(greatest, number);
        }
        if (Double.isInfinite(greatest)) {
            return greatest;
        }
        double sum = 0;
        for (float number : numbers) {
            sum += StrictMath.exp(number - greatest);
        }
        return greatest + StrictMath.log(sum);
    }

    static double norm(float[] numbers) {
        double sum = 0;
        for (float number : numbers) {
            sum += (double) number * number;
        }
        return Math.sqrt(sum);
    }

    static int[] topK(Tensor tensor, int k) {
        if (k < 1 || k > tensor.numElements()) {
            throw new IllegalArgumentException(
                    "k: " + k + ", must be in [1, " + tensor.numElements() + "] for " + tensor.typeAndShape());
        }
        return TopK.of(tensor.toFloatArray(), k);
    }
}
