package io.github.pastkv.kernels.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.LinearWeights;
import io.github.pastkv.kernels.ScalarKernels;
import io.github.pastkv.kernels.weights.ComputeType;
import io.github.pastkv.kernels.weights.LinearPrecision;
import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.kernels.weights.WeightType;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Runs where the machine has what oneDNN needs; {@link OneDnnKernelsProviderTest} says what happens elsewhere. */
@Tag("kernels")
class OneDnnLinearTest {
    private static final ScalarKernels SCALAR = new ScalarKernels();

    private final Arena arena = Arena.ofShared();
    private final Random random = new Random(71);
    private Kernels onednn;

    @BeforeEach
    void choose() {
        assumeTrue(OneDnnHere.isUsable(), OneDnnHere.reason());
        onednn = new OneDnnKernelsProvider().create();
    }

    @AfterEach
    void free() {
        arena.close();
    }

    /** Awkward K and N, those of small models, and slices of unequal size. */
    static Stream<int[]> shapes() {
        List<int[]> shapes = new ArrayList<>();
        for (int numInputs : new int[] {1, 3, 31, 48, 65, 207, 576, 1536}) {
            for (int numOutputs : new int[] {1, 15, 31, 64, 65, 100, 207, 960}) {
                shapes.add(new int[] {numInputs, numOutputs});
            }
        }
        shapes.add(new int[] {2048, 512});
        shapes.add(new int[] {100, 5003});
        return shapes.stream();
    }

    @ParameterizedTest
    @EnumSource(NumberKind.class)
    void linear_ofAnyShape_isNearTheScalarKernels(NumberKind kind) {
        shapes().forEach(shape -> {
            List<WeightMatrix> parts = parts(kind, shape[0], shape[1], shape[1] % 2 == 0);
            LinearWeights weights = onednn.pack(parts, precision(kind), arena);
            assertThat(weights).isInstanceOf(OneDnnLinearWeights.class);
            Tensor x = inputs(kind, 3, shape[0]);
            Tensor actual = run(weights, x, 3);
            requireClose(actual, expected(x, parts, kind), shape[0]);
        });
    }

    @ParameterizedTest
    @EnumSource(NumberKind.class)
    void linear_ofAnyNumberOfRows_givesTheSameBits(NumberKind kind) {
        shapes().filter(shape -> shape[0] * shape[1] < 200_000 || shape[1] == 960).forEach(shape -> {
            LinearWeights weights = onednn.pack(parts(kind, shape[0], shape[1], true), precision(kind), arena);
            Tensor x = inputs(kind, 130, shape[0]);
            Tensor all = run(weights, x, 130);
            for (int numRows = 1; numRows < 130; numRows += shape[0] * shape[1] > 50_000 ? 7 : 1) {
                Tensor some = run(weights, x.narrow(0, 130 - numRows, 130), numRows);
                requireSameBits(some, all.narrow(0, 130 - numRows, 130), kind + " " + numRows + " rows of "
                        + shape[0] + " x " + shape[1]);
            }
        });
    }

    @ParameterizedTest
    @EnumSource(NumberKind.class)
    void linear_inRangesAndOnThreads_givesTheSameBits(NumberKind kind) {
        LinearWeights weights = onednn.pack(parts(kind, 300, 3000, true), precision(kind), arena);
        int grain = weights.outputGrain();
        assertThat(grain).isLessThan(1500);
        for (int numRows : new int[] {1, 2, 33}) {
            Tensor x = inputs(kind, numRows, 300);
            Tensor whole = run(weights, x, numRows);
            Tensor cut = Tensor.allocate(arena, DataType.F32, numRows, 3000);
            IntStream.range(0, Math.ceilDiv(3000, grain)).parallel().forEach(slice -> onednn.linear(x, weights, cut,
                    numRows, slice * grain, Math.min((slice + 1) * grain, 3000)));
            requireSameBits(cut, whole, kind + " " + numRows);
        }
    }

    @ParameterizedTest
    @EnumSource(NumberKind.class)
    void linear_ofPartsTransposedAndStrided_isNearTheScalarKernels(NumberKind kind) {
        DataType stored = stored(kind);
        List<WeightMatrix> parts = List.of(new WeightMatrix.Plain(random(stored, 33, 20).transpose(0, 1), null),
                new WeightMatrix.Plain(random(stored, 7, 33), random(DataType.F32, 1, 7).reshape(7)),
                new WeightMatrix.Plain(random(stored, 33, 300).transpose(0, 1), null));
        LinearWeights weights = onednn.pack(parts, precision(kind), arena);
        Tensor wide = inputs(kind, 5, 40);
        Tensor x = wide.narrow(1, 3, 36);
        Tensor y = Tensor.allocate(arena, DataType.F32, 5, 400).narrow(1, 9, 9 + 327);
        onednn.linear(x, weights, y, 5, 0, 327);
        requireClose(y, expected(x, parts, kind), 33);
        Tensor one = Tensor.allocate(arena, DataType.F32, 1, 327);
        onednn.linear(x.narrow(0, 4, 5), weights, one, 1, 0, 327);
        requireSameBits(one, y.narrow(0, 4, 5), "one row");
    }

    @Test
    void pack_ofWhatWouldNotStayAsStored_isLeftToTheOtherKernels() {
        List<WeightMatrix> bf16 = List.of(new WeightMatrix.Plain(random(DataType.BF16, 64, 32), null));
        List<WeightMatrix> f32 = List.of(new WeightMatrix.Plain(random(DataType.F32, 64, 32), null));
        LinearPrecision rounding = new LinearPrecision(ComputeType.BF16, WeightType.STORED);
        assertThat(onednn.pack(bf16, LinearPrecision.PLAIN, arena)).isNotInstanceOf(OneDnnLinearWeights.class);
        assertThat(onednn.pack(f32, rounding, arena)).isNotInstanceOf(OneDnnLinearWeights.class);
        assertThat(onednn.pack(f32, new LinearPrecision(ComputeType.F32, WeightType.INT8), arena))
                .isNotInstanceOf(OneDnnLinearWeights.class);
    }

    @Test
    void linearName_isOfThoseThatPack() {
        for (DataType stored : DataType.values()) {
            for (ComputeType compute : ComputeType.values()) {
                for (WeightType weights : WeightType.values()) {
                    if (stored == DataType.I8 && weights != WeightType.INT8) {
                        continue; // no such precision
                    }
                    LinearPrecision precision = new LinearPrecision(compute, weights);
                    Tensor weight = random(stored, 64, 32);
                    Tensor scales = stored == DataType.I8 ? random(DataType.F32, 1, 64).reshape(64) : null;
                    LinearWeights packed =
                            onednn.pack(List.of(WeightMatrix.of(weight, null, scales)), precision, arena);
                    String name = onednn.linearName(precision, stored);
                    assertThat(name.startsWith("onednn ")).as("%s of %s", precision, stored)
                            .isEqualTo(packed instanceof OneDnnLinearWeights);
                    assertThat(onednn.name()).contains(name);
                }
            }
        }
    }

    @Test
    void packedBytes_areThoseOfTheWeights() {
        LinearWeights weights =
                onednn.pack(List.of(new WeightMatrix.Plain(random(DataType.F32, 2048, 512), null)),
                        LinearPrecision.PLAIN,
                        arena);
        assertThat(weights.packedBytes()).isBetween(2048L * 512 * 4, 2048L * 512 * 4 * 11 / 10);
    }

    @Test
    void linear_afterItsMemoryWasFreed_isRefused() {
        Arena ownArena = Arena.ofShared();
        LinearWeights weights = onednn.pack(parts(NumberKind.F32, 16, 32, false), LinearPrecision.PLAIN, ownArena);
        ownArena.close();
        assertThatIllegalStateException().isThrownBy(() -> run(weights, inputs(NumberKind.F32, 1, 16), 1))
                .withMessageContaining("closed");
    }

    @Test
    void linear_overTheHeap_isRefused() {
        LinearWeights weights = onednn.pack(parts(NumberKind.F32, 16, 32, false), LinearPrecision.PLAIN, arena);
        assertThatIllegalArgumentException().isThrownBy(() -> run(weights, Tensor.of(new float[16], 1, 16), 1))
                .withMessageContaining("heap");
    }

    private static LinearPrecision precision(NumberKind kind) {
        return switch (kind) {
            case F32 -> LinearPrecision.PLAIN;
            case BF16 -> new LinearPrecision(ComputeType.BF16, WeightType.STORED);
            case INT8 -> new LinearPrecision(ComputeType.BF16, WeightType.INT8);
        };
    }

    private static DataType stored(NumberKind kind) {
        return kind == NumberKind.F32 ? DataType.F32 : DataType.BF16;
    }

    private List<WeightMatrix> parts(NumberKind kind, int numInputs, int numOutputs, boolean withBias) {
        Tensor bias = withBias ? random(DataType.F32, 1, numOutputs).reshape(numOutputs) : null;
        return List.of(new WeightMatrix.Plain(random(stored(kind), numOutputs, numInputs), bias));
    }

    private Tensor inputs(NumberKind kind, int numRows, int numInputs) {
        return random(kind.inputs(), numRows, numInputs);
    }

    private Tensor random(DataType type, int rows, int columns) {
        Tensor tensor = Tensor.allocate(arena, type, rows, columns);
        for (int i = 0; i < rows * columns; i++) {
            type.write(tensor.segment(), (long) i * type.bytes(), (float) random.nextGaussian());
        }
        return tensor;
    }

    private Tensor run(LinearWeights weights, Tensor x, int numRows) {
        Tensor y = Tensor.allocate(arena, DataType.F32, numRows, weights.numOutputs());
        onednn.linear(x, weights, y, numRows, 0, weights.numOutputs());
        return y;
    }

    private Tensor expected(Tensor x, List<WeightMatrix> parts, NumberKind kind) {
        int numRows = (int) x.shape(0);
        Tensor wide = Tensor.allocate(arena, DataType.F32, x.shape());
        x.copyTo(wide);
        LinearWeights weights = SCALAR.pack(parts, precision(kind), arena);
        Tensor y = Tensor.allocate(arena, DataType.F32, numRows, weights.numOutputs());
        SCALAR.linear(wide, weights, y, numRows, 0, weights.numOutputs());
        return y;
    }

    private static void requireClose(Tensor actual, Tensor expected, int numInputs) {
        double tolerance = 2e-6 * Math.sqrt(numInputs) * (1 + Math.sqrt(numInputs));
        for (int row = 0; row < expected.shape(0); row++) {
            for (int column = 0; column < expected.shape(1); column++) {
                float difference = Math.abs(actual.get(row, column) - expected.get(row, column));
                if (!(difference < (float) tolerance)) {
                    assertThat(difference).as("[%d, %d] of %s", row, column, expected).isLessThan((float) tolerance);
                }
            }
        }
    }

    private static void requireSameBits(Tensor actual, Tensor expected, String what) {
        long rowBytes = expected.shape(1) * Float.BYTES;
        for (int row = 0; row < expected.shape(0); row++) {
            long mismatch = MemorySegment.mismatch(actual.segment(), actual.byteOffset(row, 0),
                    actual.byteOffset(row, 0) + rowBytes, expected.segment(), expected.byteOffset(row, 0),
                    expected.byteOffset(row, 0) + rowBytes);
            assertThat(mismatch).as("%s, row %d", what, row).isEqualTo(-1);
        }
    }
}
