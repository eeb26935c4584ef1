package io.github.pastkv.bench.micro;

import io.github.pastkv.model.ComputeChoice;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
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
 * Time to first token when 4,096 of 4,112 prompt tokens are cached. Cold sessions share nothing; warm ones find the
 * shared tokens in the model's prefix index. The last 16 tokens differ at each call.
 *
 * <p>Run: {@code mvn -Dquick -DskipTests -pl bench -am package -Dbenchmark="FirstTokenBenchmark -p model=DIR"}
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3)
@Measurement(iterations = 5)
@Fork(value = 1, jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
@SuppressWarnings("NullAway.Init") // JMH sets the parameters, then calls load
public class FirstTokenBenchmark {
    private static final int NUM_SHARED = 4096;
    private static final int NUM_OWN = 16;

    /** Folder of a model. */
    @Param("") public String model;

    /** Type of the inputs of linear layers. */
    @Param({"F32", "AUTO"}) public ComputeChoice compute;

    /** Whether the shared tokens have been read before. */
    @Param({"false", "true"}) public boolean warm;

    private final Random random = new Random(5);
    private Model loaded;
    private int[] prompt;

    /** Loads the model and, for warm calls, reads the shared tokens. */
    @Setup(Level.Trial)
    public void load() throws IOException {
        loaded = Model.load(Path.of(model), ModelOptions.defaults().withCompute(compute).withoutTokenizer());
        prompt = randomIds(NUM_SHARED + NUM_OWN);
        if (warm) {
            answer();
        }
    }

    private int[] randomIds(int count) {
        return random.ints(count, 0, loaded.config().vocabSize()).toArray();
    }

    /** Frees the model. */
    @TearDown(Level.Trial)
    public void free() {
        loaded.close();
    }

    /** From an open model to the logits that choose the first token. */
    @Benchmark
    public Tensor answer() {
        System.arraycopy(randomIds(NUM_OWN), 0, prompt, NUM_SHARED, NUM_OWN);
        try (Session session = loaded.newSession(SessionOptions.defaults().withPrefixReuse(warm))) {
            return session.prefill(prompt);
        }
    }
}
