package io.github.pastkv.bench.sessions;

import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.kernels.weights.WeightType;
import io.github.pastkv.model.ComputeChoice;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.engine.EngineStats;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Times concurrent sessions of one model, each decoding on a caller thread of its own, as a multiple of the tokens per
 * second of one. The numbers of callers take turns, so that other load affects all of them; the best turn of each
 * counts.
 *
 * <p>Run: {@code mvn -Dquick -DskipTests -pl bench -am package -Dsessions="--model DIR"}
 */
@Command(name = "sessions", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Times concurrent sessions of one model.")
public final class SessionsCommand implements Callable<Integer> {
    private static final int PROMPT_TOKENS = 16;

    @Option(names = "--model", paramLabel = "DIR", required = true,
            description = "Folder of a model.") private Path folder;

    @Option(names = "--callers", paramLabel = "N", split = ",",
            description = "Numbers of caller threads. Default: 1,2,4,8.") private List<Integer> callers =
                    List.of(1, 2, 4, 8);

    @Option(names = "--gen", paramLabel = "N",
            description = "Tokens that each caller decodes. Default: 64.") private int numTokens = 64;

    @Option(names = "--turns", paramLabel = "N", description = "Timed turns. Default: 5.") private int numTurns = 5;

    @Option(names = "--compute", paramLabel = "TYPE",
            description = "Compute type: ${COMPLETION-CANDIDATES}. Default: BF16.") private ComputeChoice compute =
                    ComputeChoice.BF16;

    @Option(names = "--weights", paramLabel = "TYPE",
            description = "Weights: ${COMPLETION-CANDIDATES}. Default: STORED.") private WeightType weights =
                    WeightType.STORED;

    /** What callers did together. */
    private record Turn(double tokensPerSecond, double rowsPerPass) {}

    @SuppressWarnings("NullAway.Init") // picocli sets the folder
    private SessionsCommand() {}

    /** The command. */
    public static void main(String[] args) {
        System.exit(new CommandLine(new SessionsCommand()).execute(args));
    }

    @Override
    public Integer call() throws IOException, InterruptedException, ExecutionException {
        ModelOptions options = ModelOptions.defaults().withoutTokenizer().withCompute(compute).withWeights(weights);
        try (Model model = Model.load(folder, options);
                ExecutorService threads = Executors.newFixedThreadPool(Collections.max(callers))) {
            List<List<Turn>> turns = new ArrayList<>();
            callers.forEach(_ -> turns.add(new ArrayList<>()));
            for (int turn = 0; turn <= numTurns; turn++) { // the first warms up
                for (int i = 0; i < callers.size(); i++) {
                    turns.get(i).add(turn(model, threads, callers.get(i)));
                }
            }
            print(model, turns);
        }
        return 0;
    }

    private void print(Model model, List<List<Turn>> turns) {
        System.out.println("kernels " + model.kernels().kernels().name() + ", " + model.options().numThreads()
                + " compute threads, compute " + compute + ", weights " + weights);
        System.out.println("| callers | tokens/s together | times one | rows a pass |");
        System.out.println("|---|---|---|---|");
        double one = best(turns.getFirst()).tokensPerSecond() / callers.getFirst();
        for (int i = 0; i < callers.size(); i++) {
            Turn best = best(turns.get(i));
            System.out.printf(Locale.ROOT, "| %d | %.1f | %.2f | %.2f |%n", callers.get(i), best.tokensPerSecond(),
                    best.tokensPerSecond() / one, best.rowsPerPass());
        }
    }

    private static Turn best(List<Turn> turns) {
        return turns.stream().skip(1).max((a, b) -> Double.compare(a.tokensPerSecond(), b.tokensPerSecond()))
                .orElseThrow();
    }

    private Turn turn(Model model, ExecutorService threads, int numCallers)
            throws InterruptedException, ExecutionException {
        List<Callable<Long>> calls = new ArrayList<>();
        EngineStats before = model.engineStats();
        for (int caller = 0; caller < numCallers; caller++) {
            long seed = caller;
            calls.add(() -> decode(model, new Random(seed)));
        }
        long start = System.nanoTime();
        for (Future<Long> call : threads.invokeAll(calls)) {
            call.get();
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        EngineStats after = model.engineStats();
        return new Turn(numCallers * (double) numTokens / seconds,
                (double) (after.numSteps() - before.numSteps()) / (after.numPasses() - before.numPasses()));
    }

    private long decode(Model model, Random random) {
        try (Session session = model
                .newSession(SessionOptions.defaults().withKvType(KvType.BF16).withPrefixReuse(false))) {
            int[] prompt = random.ints(PROMPT_TOKENS, 0, model.config().vocabSize()).toArray();
            return session.generate(new int[][] {prompt}, GenerationOptions.greedy(numTokens).ignoringEos(),
                    GenerationListener.NONE).decodeNanos();
        }
    }
}
