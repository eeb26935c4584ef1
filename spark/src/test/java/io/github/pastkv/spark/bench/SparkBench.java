package io.github.pastkv.spark.bench;

import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.model.ComputeChoice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Times the same requests by {@code pastkv batch}'s Java entry and on Spark {@code local[2]}, and partitions by prefix
 * beside those in which Spark reads the input, all in one warmed-up process. Each run has a model of its own, loaded
 * before the clock runs. The answers of all runs must be equal.
 *
 * <p>Run: {@code mvn -Dquick -DskipTests -pl spark -am package -DsparkBench="--model FILE"}
 */
@Command(name = "spark-bench", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Times Spark beside pastkv batch, and partitions by prefix beside Spark's own.")
public final class SparkBench implements Callable<Integer> {
    private static final double TARGET = 0.85;

    @Option(names = "--model", paramLabel = "FILE", required = true,
            description = "A model with a tokenizer: a folder or a GGUF file.") private Path model;

    @Option(names = "--requests", paramLabel = "N",
            description = "Requests beside pastkv batch; 0 for none. Default: 2000.") private int numRequests = 2000;

    @Option(names = "--partition-requests", paramLabel = "N",
            description = "Requests by prefix and as Spark reads them; 0 for none. "
                    + "Default: 200.") private int numPartitionRequests = 200;

    @Option(names = "--prefixes", paramLabel = "N",
            description = "Prefixes that requests share. Default: 20.") private int numPrefixes = 20;

    @Option(names = "--shared", paramLabel = "N",
            description = "Tokens of a prefix. Default: 1024.") private int numShared = 1024;

    @Option(names = "--own", paramLabel = "N", description = "Tokens after it. Default: 16.") private int numOwn = 16;

    @Option(names = "--new", paramLabel = "N", description = "Tokens to generate. Default: 16.") private int numNew =
            16;

    @Option(names = "--rounds", paramLabel = "N",
            description = "Rounds beside pastkv batch; the medians count. Default: 1.") private int rounds = 1;

    @Option(names = "--cache-bytes", paramLabel = "N,...", split = ",",
            description = "Bytes of cached prefixes: the first beside pastkv batch, all for partitions. "
                    + "Default: 1073741824,67108864.") private List<Long> cacheBytes = List.of(1L << 30, 1L << 26);

    @Option(names = "--compute", paramLabel = "TYPE",
            description = "Default: AUTO.") private ComputeChoice compute = ComputeChoice.AUTO;

    @Option(names = "--kv-type", paramLabel = "TYPE", description = "Default: BF16.") private KvType kvType =
            KvType.BF16;

    @Option(names = "--threads", paramLabel = "N",
            description = "Compute threads. Default: 2.") private int numThreads = 2;

    @Option(names = "--max-running", paramLabel = "N",
            description = "Requests that run at once. Default: 32.") private int maxRunning = 32;

    @SuppressWarnings("NullAway.Init") // picocli sets the model
    private SparkBench() {}

    /** The command. */
    public static void main(String[] args) {
        System.exit(new CommandLine(new SparkBench()).setCaseInsensitiveEnumValuesAllowed(true).execute(args));
    }

    @Override
    public Integer call() throws IOException, InterruptedException, TimeoutException {
        Path folder = Files.createTempDirectory("pastkv-spark-bench");
        BenchSetup setup =
                new BenchSetup(model, folder, compute.name(), kvType.name(), numThreads, maxRunning, numNew);
        SparkRun spark = new SparkRun(setup);
        try {
            BatchRun batch = new BatchRun(setup);
            BenchRequests warmUp = requests(Math.min(64, Math.max(numRequests, numPartitionRequests)), 2, 2);
            requireEqual(batch.time(warmUp, cacheBytes.getFirst()),
                    spark.time(warmUp, "prefix", cacheBytes.getFirst()));
            System.out.println("| run | requests | cache bytes | s | tokens/s | of the prompts' tokens reused | ratio |"
                    + "\n|---|---|---|---|---|---|---|");
            if (numRequests > 0) {
                besideBatch(batch, spark);
            }
            if (numPartitionRequests > 0) {
                partitions(spark);
            }
        } finally {
            spark.close();
            delete(folder);
        }
        return 0;
    }

    private BenchRequests requests(int number, int prefixes, long seed) {
        return BenchRequests.random(number, prefixes, numShared, numOwn, seed);
    }

    private void besideBatch(BatchRun batch, SparkRun spark)
            throws IOException, InterruptedException, TimeoutException {
        BenchRequests requests = requests(numRequests, numPrefixes, 1);
        long bytes = cacheBytes.getFirst();
        List<Timing> ofBatch = new ArrayList<>();
        List<Timing> ofSpark = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
            ofBatch.add(batch.time(requests, bytes));
            print("`pastkv batch`", requests, bytes, ofBatch.getLast(), "1");
            ofSpark.add(spark.time(requests, "prefix", bytes));
            requireEqual(ofBatch.getLast(), ofSpark.getLast());
            print("Spark `local[2]`", requests, bytes, ofSpark.getLast(), String.format(Locale.ROOT,
                    "%.2f of `pastkv batch` (target %.2f)", medianSeconds(ofBatch) / medianSeconds(ofSpark), TARGET));
        }
    }

    private void partitions(SparkRun spark) throws IOException, InterruptedException, TimeoutException {
        BenchRequests requests = requests(numPartitionRequests, numPrefixes, 3);
        for (long bytes : cacheBytes) {
            Timing byPrefix = spark.time(requests, "prefix", bytes);
            print("Spark, partitions by prefix", requests, bytes, byPrefix, String.format(Locale.ROOT,
                    "%.1f %% can be reused", 100 * requests.reusableShare()));
            Timing asRead = spark.time(requests, "input", bytes);
            requireEqual(byPrefix, asRead);
            print("Spark, partitions as read", requests, bytes, asRead,
                    String.format(Locale.ROOT, "%.2f times as long", asRead.seconds() / byPrefix.seconds()));
        }
    }

    private static double medianSeconds(List<Timing> timings) {
        double[] seconds = timings.stream().mapToDouble(Timing::seconds).sorted().toArray();
        return (seconds[(seconds.length - 1) / 2] + seconds[seconds.length / 2]) / 2;
    }

    private static void print(String name, BenchRequests requests, long bytes, Timing timing, String ratio) {
        System.out.println(String.format(Locale.ROOT, "| %s | %,d | %,d | %.1f | %,.0f | %.1f %% | %s |", name,
                requests.prompts().size(), bytes, timing.seconds(), timing.tokensPerSecond(),
                100 * timing.reusedShare(), ratio));
    }

    private static void requireEqual(Timing one, Timing other) {
        if (!one.texts().equals(other.texts())) {
            throw new IllegalStateException("texts: the runs differ");
        }
    }

    private static void delete(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            Path[] deepestFirst = files.toArray(Path[]::new);
            for (Path file : Arrays.asList(deepestFirst).reversed()) {
                Files.delete(file);
            }
        }
    }
}
