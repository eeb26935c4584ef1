package io.github.pastkv.bench.sweep;

import com.sun.management.ThreadMXBean;
import io.github.pastkv.lens.CachedRun;
import io.github.pastkv.lens.patching.GridResult;
import io.github.pastkv.lens.patching.Metric;
import io.github.pastkv.lens.patching.PatchGrid;
import io.github.pastkv.lens.patching.PatchSource;
import io.github.pastkv.lens.patching.PatchSweep;
import io.github.pastkv.lens.patching.PromptPair;
import io.github.pastkv.lens.patching.SweepListener;
import io.github.pastkv.lens.patching.SweepOptions;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Times a sweep of {@code resid_pre} over all layers and positions, in full and over a frozen prefix, on the same
 * kernels. Prompts are random and differ in their middle token.
 *
 * <p>Run: {@code mvn -Dquick -DskipTests -pl bench -am package -Dsweep="--model DIR"}
 */
@Command(name = "sweep", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Times patched runs of a model, in full and over a frozen prefix.")
public final class SweepCommand implements Callable<Integer> {
    private static final int MIN_FULL_RUNS = 64;
    private static final Metric METRIC = Metric.logitDifference(17, 4);

    @Option(names = "--model", paramLabel = "DIR", required = true,
            description = "Folder of a model.") private Path folder;

    @Option(names = "--tokens", paramLabel = "N", split = ",",
            description = "Lengths of prompts. Default: 16,64,256.") private List<Integer> lengths =
                    List.of(16, 64, 256);

    @Option(names = "--suffix", paramLabel = "N",
            description = "Tokens from the difference on. Default: the second half of the prompt.") private int suffix;

    @Option(names = "--threads", paramLabel = "N", split = ",",
            description = "Threads. Default: 1,2.") private List<Integer> threads = List.of(1, 2);

    @Option(names = "--runs", paramLabel = "N",
            description = "Instead of comparing, makes so many patched runs at the first length and "
                    + "prints the memory on the way.") private long numRuns;

    /** Patched runs and what they took. */
    private record Timing(long numRuns, double seconds, long numTokensRun, double heapBytesPerRun) {
        double runsPerSecond() {
            return numRuns / seconds;
        }
    }

    @SuppressWarnings("NullAway.Init") // picocli sets the folder
    private SweepCommand() {}

    /** The command. */
    public static void main(String[] args) {
        System.exit(new CommandLine(new SweepCommand()).execute(args));
    }

    @Override
    public Integer call() throws IOException {
        if (numRuns > 0) {
            return manyRuns();
        }
        System.out.println(
                "| tokens | threads | full, runs/s | prefix, runs/s | ratio | with free cells | operations left |"
                        + " heap bytes/run |");
        System.out.println("|---|---|---|---|---|---|---|---|");
        for (int numThreads : threads) {
            try (Model model = Model.load(folder,
                    ModelOptions.defaults().withoutTokenizer().withNumThreads(numThreads))) {
                for (int length : lengths) {
                    print(model, pair(model, length));
                }
            }
        }
        return 0;
    }

    private int manyRuns() throws IOException {
        System.out.println("| runs | seconds | heap in use, MiB | resident, MiB |");
        System.out.println("|---|---|---|---|");
        try (Model model = Model.load(folder, ModelOptions.defaults().withoutTokenizer())) {
            PromptPair pair = pair(model, lengths.getFirst());
            long start = System.nanoTime();
            long done = 0;
            int numLines = 0;
            while (done < numRuns) {
                done += time(model, pair, false, model.config().numLayers()).numRuns();
                if (done * 5 >= numRuns * (numLines + 1L)) {
                    numLines++;
                    System.gc();
                    Runtime runtime = Runtime.getRuntime();
                    System.out.printf(Locale.ROOT, "| %,d | %.0f | %d | %d |%n", done,
                            (System.nanoTime() - start) / 1e9,
                            (runtime.totalMemory() - runtime.freeMemory()) >> 20, residentMegabytes());
                }
            }
        }
        return 0;
    }

    private static long residentMegabytes() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
            return lines.filter(line -> line.startsWith("VmRSS"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst().orElse(0) >> 10;
        }
    }

    private PromptPair pair(Model model, int length) {
        int[] clean = new Random(7).ints(length, 0, model.config().vocabSize()).toArray();
        int[] corrupted = clean.clone();
        int first = suffix == 0 ? length / 2 : length - Math.min(suffix, length);
        corrupted[first] = (clean[first] + 1) % model.config().vocabSize();
        return new PromptPair(clean, corrupted);
    }

    private static void print(Model model, PromptPair pair) {
        int numLayers = model.config().numLayers();
        int changed = pair.numTokens() - pair.firstDifference();
        int fullLayers = Math.clamp(Math.ceilDiv(MIN_FULL_RUNS, changed), 1, numLayers);
        time(model, pair, true, 1);
        Timing full = time(model, pair, true, fullLayers);
        time(model, pair, false, numLayers);
        Timing prefix = time(model, pair, false, numLayers);
        double ratio = prefix.runsPerSecond() / full.runsPerSecond();
        double inFull = (double) prefix.numRuns() * pair.numTokens() * numLayers;
        System.out.printf(Locale.ROOT, "| %d | %d | %.1f | %.1f | %.1f | %.1f | %.3f | %,.0f |%n", pair.numTokens(),
                model.options().numThreads(), full.runsPerSecond(), prefix.runsPerSecond(), ratio,
                ratio * pair.numTokens() / changed, prefix.numTokensRun() / inFull, prefix.heapBytesPerRun());
    }

    /** Runs the cells of some layers in the middle; the cells before the difference count as done. */
    private static Timing time(Model model, PromptPair pair, boolean plain, int numLayers) {
        PatchGrid grid = PatchGrid.named("resid_pre").getFirst();
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (PatchSweep sweep = PatchSweep.ofPair(model, pair, false, SweepOptions.defaults().withPlain(plain));
                CachedRun source = sweep.sourceRun(pair.clean(), grid)) {
            GridResult result = sweep.emptyResult(grid);
            int fromLayer = (model.config().numLayers() - numLayers) / 2;
            for (int layer = 0; layer < model.config().numLayers(); layer++) {
                boolean isRun = layer >= fromLayer && layer < fromLayer + numLayers;
                int row = layer * pair.numTokens();
                IntStream.range(row, row + (isRun ? pair.firstDifference() : pair.numTokens()))
                        .forEach(cell -> result.put(cell, 0));
            }
            long heap = threads.getCurrentThreadAllocatedBytes();
            long start = System.nanoTime();
            sweep.run(result, PatchSource.ofRun(source.activations()), METRIC, SweepListener.NONE);
            double seconds = (System.nanoTime() - start) / 1e9;
            heap = threads.getCurrentThreadAllocatedBytes() - heap;
            return new Timing(sweep.numRuns(), seconds, sweep.numTokensRun(), (double) heap / sweep.numRuns());
        }
    }
}
