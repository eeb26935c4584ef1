package io.github.pastkv.kernels.vector;

import io.github.pastkv.cache.layout.KvLayout;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvTypes;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.cache.layout.TiledKvLayout;
import io.github.pastkv.kernels.Activation;
import io.github.pastkv.kernels.AttentionTile;
import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.LinearWeights;
import io.github.pastkv.kernels.NormWeights;
import io.github.pastkv.kernels.RopeTable;
import io.github.pastkv.kernels.ScoreForm;
import io.github.pastkv.kernels.Xielu;
import io.github.pastkv.kernels.weights.ComputeType;
import io.github.pastkv.kernels.weights.GroupFormat;
import io.github.pastkv.kernels.weights.GroupFormat.Integers;
import io.github.pastkv.kernels.weights.GroupFormat.Scales;
import io.github.pastkv.kernels.weights.LinearPrecision;
import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.kernels.weights.WeightType;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.kernels.GroupedNumbers;
import io.github.pastkv.testkit.kernels.Numbers;
import io.github.pastkv.testkit.kernels.ShuffledBlocks;
import java.lang.foreign.Arena;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;

/** A short sequence through every kernel, with fixed numbers, and the hash of all bits that come out. */
final class EveryKernel {
    private static final int HEADS = 3;
    private static final int HEAD_DIM = 24;
    private static final int WIDTH = HEADS * HEAD_DIM;
    private static final int TOKENS = 6;
    private static final int LINEAR_INPUTS = 40; // an interpreted linear layer is slow
    private static final int LINEAR_TOKENS = 5;
    private static final int PAST = 270;
    private static final int QUERIES = 3;

    private final Kernels kernels;
    private final Random random = new Random(7);
    private int hash = 1;

    private EveryKernel(Kernels kernels) {
        this.kernels = kernels;
    }

    /** Prints the hash of the vector kernels. */
    static void main() {
        System.out.println(hash(new VectorKernels()));
    }

    static int hash(Kernels kernels) {
        EveryKernel run = new EveryKernel(kernels);
        try (Arena arena = Arena.ofConfined()) {
            for (DataType dataType : new DataType[] {DataType.F32, DataType.F16, DataType.BF16}) {
                run.linear(arena, dataType);
            }
            for (Integers integers : Integers.values()) {
                run.groupedLinear(arena, new GroupFormat(integers, 16, true, Scales.TWO_LEVEL));
                run.groupedLinear(arena, new GroupFormat(integers, 32, false, Scales.F16));
            }
            for (KvType type : KvType.values()) {
                run.attention(arena, type, KvWindow.NONE);
                run.attention(arena, type, new KvWindow(30, 3));
            }
            run.rows(arena);
        }
        return run.hash;
    }

    private void linear(Arena arena, DataType dataType) {
        Tensor weight = Numbers.as(arena, dataType, Numbers.rows(arena, random, 40, LINEAR_INPUTS, 0));
        Tensor x = Numbers.rows(arena, random, LINEAR_TOKENS, LINEAR_INPUTS, 0);
        Tensor rounded = Tensor.allocate(arena, DataType.F32, LINEAR_TOKENS, LINEAR_INPUTS);
        kernels.round(x, rounded, LINEAR_INPUTS, 0, LINEAR_TOKENS);
        take(rounded);
        for (WeightType weightType : WeightType.values()) {
            LinearPrecision precision = new LinearPrecision(ComputeType.F32, weightType);
            LinearWeights weights = kernels.pack(List.of(new WeightMatrix.Plain(weight, null)), precision, arena);
            Tensor y = Tensor.allocate(arena, DataType.F32, LINEAR_TOKENS, 40);
            kernels.linear(x, weights, y, LINEAR_TOKENS, 0, 40);
            take(y);
        }
    }

    private void groupedLinear(Arena arena, GroupFormat format) {
        Tensor x = Numbers.rows(arena, random, LINEAR_TOKENS, LINEAR_INPUTS, 0);
        WeightMatrix weight = GroupedNumbers.random(format, 140, LINEAR_INPUTS, random);
        Tensor y = Tensor.allocate(arena, DataType.F32, LINEAR_TOKENS, 140);
        kernels.linear(x, kernels.pack(List.of(weight), LinearPrecision.PLAIN, arena), y, LINEAR_TOKENS, 0, 140);
        take(y);
    }

    private void attention(Arena arena, KvType type, KvWindow window) {
        KvLayout layout = new TiledKvLayout(new KvShape(1, 1, HEAD_DIM), KvTypes.of(type), 16);
        ShuffledBlocks blocks = ShuffledBlocks.allocate(arena, layout, PAST + QUERIES, random);
        for (int position = 0; position < PAST + QUERIES; position++) {
            blocks.write(0, 0, position, Numbers.rows(arena, random, 2, HEAD_DIM, 0));
        }
        Tensor out = Tensor.allocate(arena, DataType.F32, QUERIES, WIDTH);
        try (AttentionTile tile = new AttentionTile(HEADS, HEAD_DIM)) {
            tile.bind(blocks, 0, ScoreForm.scaled(0.2f).withSoftCap(3f).withAlibi(HEADS).withWindow(window),
                    Numbers.rows(arena, random, QUERIES, WIDTH, 0), out);
            tile.setQueries(0, 0, QUERIES, PAST);
            kernels.qkScores(tile);
            kernels.softmax(tile);
            kernels.weightedValues(tile);
        }
        take(out);
    }

    private void rows(Arena arena) {
        Tensor x = Numbers.rows(arena, random, TOKENS, WIDTH, 0);
        Tensor y = Numbers.rows(arena, random, TOKENS, WIDTH, 0);
        Tensor row = Numbers.rows(arena, random, 1, WIDTH, 0).reshape(WIDTH);
        RopeTable table = new RopeTable(new double[] {1, 0.3, 0.1, 0.03, 0.01, 0.003}, 1, TOKENS, arena);
        table.prepare(TOKENS);
        for (NormWeights.Kind kind : NormWeights.Kind.values()) {
            kernels.normalize(new NormWeights(kind, row, row, 1e-5f), x, x, 0, TOKENS);
            take(x);
        }
        kernels.applyRope(x, HEADS, HEAD_DIM, table, new int[] {0, 1, 2, 3, 4, 5}, 0, TOKENS);
        take(x);
        RopeTable interleaved =
                new RopeTable(new double[] {1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001}, 1, true, TOKENS,
                        arena);
        interleaved.prepare(TOKENS);
        kernels.applyRope(x, HEADS, HEAD_DIM, interleaved, new int[] {0, 1, 2, 3, 4, 5}, 0, TOKENS);
        take(x);
        kernels.xielu(new Xielu(0.83f, 0.91f, 0.5f, -1e-6f), x, WIDTH, 0, TOKENS);
        take(x);
        kernels.softCap(1.5f, x, WIDTH, 0, TOKENS);
        take(x);
        for (Activation activation : EnumSet.complementOf(EnumSet.of(Activation.XIELU))) {
            kernels.add(x, y, WIDTH, 0, TOKENS);
            kernels.activate(activation, x, WIDTH, 0, TOKENS);
            kernels.gatedActivation(activation, x, y, WIDTH, 0, TOKENS);
            take(x);
        }
    }

    private void take(Tensor tensor) {
        for (float number : tensor.toFloatArray()) {
            hash = 31 * hash + Float.floatToIntBits(number);
        }
    }
}
