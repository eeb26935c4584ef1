package io.github.pastkv.bench.micro;

import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.KernelsChoice;
import io.github.pastkv.kernels.LinearWeights;
import io.github.pastkv.kernels.weights.ComputeType;
import io.github.pastkv.kernels.weights.LinearPrecision;
import io.github.pastkv.kernels.weights.WeightMatrix;
import io.github.pastkv.kernels.weights.WeightType;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Throughput of a linear layer on one thread: {@code flops} per nanosecond are GFLOP/s, to compare with
 * {@link FmaPeakBenchmark}; {@code weightBytes} per nanosecond are GB/s.
 *
 * <p>Run:
 * {@code mvn -Dquick -DskipTests -pl bench -am package -Dbenchmark="LinearBenchmark -prof gc -p kernels=vector,onednn"}
 * (the scalar kernels take an hour; {@code -p tokens=1} keeps them short)
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 1)
@Fork(value = 3, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@SuppressWarnings("NullAway.Init") // JMH sets the parameters, then calls setup
public class LinearBenchmark {
    @Param({"scalar", "vector", "onednn"}) public String kernels;

    /** oneDNN multiplies all but F32 with inputs rounded to BF16, the others with F32 inputs. */
    @Param({"F32", "BF16", "INT8"}) public String weightType;

    /** Inputs x outputs: two layers of small models, one of a larger, a vocabulary. */
    @Param({"192x512", "576x1536", "2048x2048", "576x49152"}) public String shape;

    @Param({"1", "16", "64", "512"}) public int tokens;

    private final Arena arena = Arena.ofConfined();
    private Kernels chosen;
    private LinearWeights weights;
    private Tensor x;
    private Tensor y;

    /** What an invocation does. */
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    public static class Work {
        public long flops;
        public long weightBytes;
    }

    /** Packs random weights and compares one output with a sum in double precision. */
    @Setup
    public void setup() {
        int numInputs = Integer.parseInt(shape.substring(0, shape.indexOf('x')));
        int numOutputs = Integer.parseInt(shape.substring(shape.indexOf('x') + 1));
        Random random = new Random(20255);
        Tensor weight = random(random, weightType.equals("F32") ? DataType.F32 : DataType.BF16, numOutputs, numInputs);
        chosen = KernelsChoice.choose(kernels).kernels();
        weights = chosen.pack(List.of(new WeightMatrix.Plain(weight, null)), precision(), arena);
        x = random(random, weights.inputType(), tokens, numInputs);
        y = Tensor.allocate(arena, DataType.F32, tokens, numOutputs);
        linear();
        double expected = 0;
        for (int input = 0; input < numInputs; input++) {
            expected += (double) x.get(tokens - 1, input) * weight.get(numOutputs - 1, input);
        }
        float actual = y.get(tokens - 1, numOutputs - 1);
        if (!(Math.abs(actual - expected) < (weightType.equals("INT8") ? 1e-2 : 1e-4))) {
            throw new IllegalStateException("last output: " + actual + ", must be " + expected);
        }
    }

    private LinearPrecision precision() {
        boolean isBf16 = kernels.equals("onednn") && !weightType.equals("F32");
        return new LinearPrecision(isBf16 ? ComputeType.BF16 : ComputeType.F32,
                weightType.equals("INT8") ? WeightType.INT8 : WeightType.STORED);
    }

    private Tensor random(Random random, DataType type, long rows, long columns) {
        Tensor tensor = Tensor.allocate(arena, type, rows, columns);
        for (long i = 0; i < rows * columns; i++) {
            type.write(tensor.segment(), i * type.bytes(), (random.nextFloat() - 0.5f) / 8);
        }
        return tensor;
    }

    @TearDown
    public void tearDown() {
        arena.close();
    }

    @Benchmark
    public void linear(Work work) {
        linear();
        work.flops += 2L * tokens * weights.numInputs() * weights.numOutputs();
        work.weightBytes += weights.packedBytes();
    }

    private void linear() {
        chosen.linear(x, weights, y, tokens, 0, weights.numOutputs());
    }
}
