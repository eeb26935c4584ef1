package io.github.pastkv.bench.micro;

import java.util.concurrent.TimeUnit;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Peak rate of f32 fused multiply-adds of one thread, from registers: the reference of other benchmarks. Operations per
 * nanosecond are vectors; times twice the lanes (32 at 512 bits) they are GFLOP/s.
 *
 * <p>Run: {@code mvn -Dquick -DskipTests -pl bench -am package -Dbenchmark=FmaPeakBenchmark}
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(FmaPeakBenchmark.ROUNDS * FmaPeakBenchmark.CHAINS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 3, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
public class FmaPeakBenchmark {
    static final int ROUNDS = 10_000;
    /** More than the latency of an fma times the number of its units. */
    static final int CHAINS = 10;

    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;

    /** Read from memory: a vector that one number fills, C2 makes anew before each operation, at half the speed. */
    private final float[] factors = FloatVector.broadcast(FLOATS, 0x1p-20f).toArray();

    @Benchmark
    public float fma() {
        FloatVector x = FloatVector.fromArray(FLOATS, factors, 0);
        FloatVector a = FloatVector.zero(FLOATS);
        FloatVector b = a;
        FloatVector c = a;
        FloatVector d = a;
        FloatVector e = a;
        FloatVector f = a;
        FloatVector g = a;
        FloatVector h = a;
        FloatVector i = a;
        FloatVector j = a;
        for (int round = 0; round < ROUNDS; round++) {
            a = x.fma(x, a);
            b = x.fma(x, b);
            c = x.fma(x, c);
            d = x.fma(x, d);
            e = x.fma(x, e);
            f = x.fma(x, f);
            g = x.fma(x, g);
            h = x.fma(x, h);
            i = x.fma(x, i);
            j = x.fma(x, j);
        }
        return a.add(b).add(c).add(d).add(e).add(f).add(g).add(h).add(i).add(j).lane(0);
    }
}
