package io.github.pastkv.cli.bench;

import io.github.pastkv.cache.PoolExhaustedException;
import io.github.pastkv.cli.io.Progress;
import io.github.pastkv.cli.io.Streams;
import io.github.pastkv.cli.options.CacheMixin;
import io.github.pastkv.cli.options.ModelMixin;
import io.github.pastkv.cli.options.WindowMixin;
import io.github.pastkv.model.ComputeChoice;
import io.github.pastkv.model.Model;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Times prompts and decoding, beside what the machine can do. */
@Command(name = "bench", sortOptions = false,
        header = {"Benchmark prefill and decode.", ""},
        customSynopsis = {"pastkv bench [OPTIONS]", ""},
        description = "Each row has the median of several repetitions after a warm-up, with the slowest and the "
                + "fastest one. It also shows the bytes read (weights and KV cache) and the operations computed per "
                + "second, and their share of the limits of this machine, measured in the same run: reading a "
                + "buffer of as many bytes, and f32 multiply-adds. For decode at a depth, 'cache GB/s' is the size of "
                + "the cached tokens divided by the additional time over depth 0. Token ids are random, so no "
                + "tokenizer is needed.%n",
        footer = {"",
            "Rows that exceed the model's context or the cache limit are skipped, with a message on stderr.", "",
            "Examples:",
            "  pastkv bench",
            "  pastkv bench --model ~/models/SmolLM-135M --depth 0,4096 --batch 1,16 --kv-type bf16 --json"})
public final class BenchCommand implements Callable<Integer> {
    private static final int MAX_TOKENS = 1 << 30;

    private final Streams streams;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Option(names = "--prompt", paramLabel = "N",
            description = "Length of the prefill in tokens; 0 for none. Default: 512.") private int promptTokens =
                    512;

    @Option(names = "--gen", paramLabel = "N",
            description = "Tokens to decode per row; 0 for none. Default: 64.") private int decodeTokens =
                    64;

    @Option(names = "--depth", paramLabel = "N", split = ",", hideParamSyntax = true,
            description = "Tokens already in the cache, such as 0,4096. Default: "
                    + "0,4096,16384.") private List<Integer> depths =
                            List.of(0, 4096, 16384);

    @Option(names = "--shared", paramLabel = "N",
            description = "Of the tokens in the cache, those at the start that all rows share. Default: "
                    + "0.") private int sharedTokens;

    @Option(names = "--batch", paramLabel = "N", split = ",", hideParamSyntax = true,
            description = "Batch sizes of decode, such as 1,4. Default: 1,4,16.") private List<Integer> batchSizes =
                    List.of(1, 4, 16);

    @Option(names = "--repetitions", paramLabel = "N",
            description = "Timed runs per row of the table. Default: 5.") private int numRepetitions = 5;

    @Option(names = "--warm-up", paramLabel = "SECONDS",
            description = "Minimum warm-up time of each row; at least one run. Default: 2.") private int warmUpSeconds =
                    2;

    @Option(names = "--json", description = "Print one JSON object per row.") private boolean asJson;

    @Mixin private ModelMixin modelOptions = new ModelMixin(ComputeChoice.AUTO);

    @Mixin private CacheMixin cacheOptions = new CacheMixin();

    @Mixin private WindowMixin windowOptions = new WindowMixin();

    public BenchCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        checkOptions();
        long start = System.nanoTime();
        try (Model model = modelOptions.loadForIds(streams);
                MachineLimits limits = new MachineLimits(model.options().numThreads())) {
            double loadSeconds = (System.nanoTime() - start) / 1e9;
            BenchReport report = new BenchReport(model, modelOptions.name(),
                    windowOptions.addTo(cacheOptions.kvTypes().toString()), model.linearPrecision().toString(),
                    loadSeconds, sharedTokens);
            BenchRun run = new BenchRun(model, windowOptions.addTo(cacheOptions.options()), limits,
                    new BenchRun.Settings(numRepetitions, warmUpSeconds * 1_000_000_000L, sharedTokens));
            if (!asJson) {
                print(report.head(run.multiplyAddLimit()));
            }
            runAll(run, report);
        }
        return 0;
    }

    private void checkOptions() {
        modelOptions.check();
        cacheOptions.check();
        windowOptions.check();
        require("--prompt", promptTokens, 0, MAX_TOKENS);
        require("--gen", decodeTokens, 0, MAX_TOKENS);
        require("--shared", sharedTokens, 0, MAX_TOKENS);
        require("--repetitions", numRepetitions, 1, 1000);
        require("--warm-up", warmUpSeconds, 0, 1000);
        depths.forEach(depth -> require("--depth", depth, 0, MAX_TOKENS));
        batchSizes.forEach(batchSize -> require("--batch", batchSize, 1, 1 << 16));
    }

    private void require(String name, int value, int least, int most) {
        if (value < least || value > most) {
            throw new ParameterException(spec.commandLine(),
                    name + ": " + value + ", must be in [" + least + ", " + most + "]");
        }
    }

    private void runAll(BenchRun run, BenchReport report) {
        Map<BenchCase, BenchResult> results = new HashMap<>();
        for (BenchCase test : BenchCase.of(promptTokens, decodeTokens, depths, batchSizes)) {
            try (Progress _ = Progress.of(streams, "timing " + test.title())) {
                results.put(test, run.run(test));
            } catch (IllegalArgumentException | PoolExhaustedException e) {
                streams.err().println("pastkv: left out " + test.title() + ": " + e.getMessage());
                continue;
            }
            BenchResult result = results.get(test);
            BenchResult shallow = results.getOrDefault(test.atDepth(0), result);
            print(asJson ? report.json(result, shallow) + System.lineSeparator() : report.line(result, shallow));
        }
    }

    private void print(String lines) {
        streams.out().print(lines);
        streams.out().flush();
    }
}
