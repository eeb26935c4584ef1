package io.github.pastkv.cli;

import io.github.pastkv.lens.circuits.Circuit;
import io.github.pastkv.lens.circuits.CircuitOptions;
import io.github.pastkv.lens.circuits.CircuitSearch;
import io.github.pastkv.lens.patching.Metric;
import io.github.pastkv.lens.patching.PromptPair;
import io.github.pastkv.model.ComputeChoice;
import io.github.pastkv.model.Model;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Searches for the circuit behind a behaviour. */
@Command(name = "acdc", sortOptions = false, header = {"Finds the circuit behind a behaviour.", ""},
        customSynopsis = {"pastkv acdc [OPTIONS] --clean TEXT --corrupt TEXT --answer TEXT --wrong TEXT \\",
            "                   --threshold X --out FILE", ""},
        description = "Automatic circuit discovery (ACDC, Conmy et al. 2023): from the output down, takes away each edge "
                + "between heads, feed-forward blocks and embeddings whose loss the metric bears, and writes the edges that are "
                + "left. Where an edge is gone, its end reads what its beginning has in the corrupted run. The part that the "
                + "prompts share is computed once, edges are tried many at a time, and the circuit is that of one full run after "
                + "another.%n",
        footer = {"",
            "Nodes are embed, a1.3 (layer 1, head 3) and m1 (feed-forward block of layer 1); a head reads by its",
            "query, key and value. Ctrl-C ends the search; what is decided is written. Families whose stream",
            "is no sum of heads (Gemma 2 and 3, OLMo 2) are refused.", "", "Example:",
            "  pastkv acdc --clean \"When Mary and John went to the store, John gave a drink to\" \\",
            "      --corrupt \"When Mary and John went to the store, Mary gave a drink to\" \\",
            "      --answer \" Mary\" --wrong \" John\" --threshold 0.05 --out circuit.json --dot circuit.dot"})
final class AcdcCommand implements Callable<Integer> {
    private final Streams streams;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Mixin private PairMixin pairOptions = new PairMixin();

    @Option(names = "--metric", paramLabel = "NAME",
            description = "What must not rise: kl, the divergence from the clean run in nats, or logit_diff, by how much the "
                    + "answer's logit less the wrong one's has fallen. Default: kl.") private String metricName = "kl";

    @Option(names = "--threshold", paramLabel = "X", required = true,
            description = "An edge goes when the metric rises by less than this.") private double threshold;

    @Option(names = "--plain",
            description = "Try each edge by a run of its own, in full; slower, the same circuit.") private boolean plain;

    @Option(names = "--out", paramLabel = "FILE", required = true,
            description = "Where the circuit goes, as JSON.") private Path out = Path.of("");

    @Option(names = "--dot", paramLabel = "FILE",
            description = "Also write a graph for Graphviz.") private @Nullable Path dot;

    @Mixin private ModelMixin modelOptions = new ModelMixin(ComputeChoice.F32);

    AcdcCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        modelOptions.check();
        pairOptions.check();
        OutFile.requireWritable("--out", out);
        if (dot != null) {
            OutFile.requireWritable("--dot", dot);
        }
        if (!metricName.equals("kl") && !metricName.equals("logit_diff")) {
            throw new ParameterException(spec.commandLine(),
                    "--metric: '" + metricName + "', known are kl, logit_diff");
        }
        CircuitOptions options = options();
        try (Model model = pairOptions.isIds() ? modelOptions.loadForIds(streams) : modelOptions.load(streams);
                Interruption interruption = new Interruption()) {
            PromptPair pair = pairOptions.pair(model, modelOptions);
            try (CircuitSearch search = new CircuitSearch(model, pair, clean -> metric(clean, model), options)) {
                return run(model, search, interruption);
            }
        }
    }

    private CircuitOptions options() {
        try {
            return CircuitOptions.of(threshold).withPlain(plain);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--" + e.getMessage());
        }
    }

    /** Lower is better. */
    private Metric metric(float[] cleanLogits, Model model) {
        Metric named = pairOptions.metric(metricName, cleanLogits, cleanLogits, model);
        return metricName.equals("kl") ? named : logits -> named.of(cleanLogits) - named.of(logits);
    }

    private int run(Model model, CircuitSearch search, Interruption interruption) throws IOException {
        Circuit circuit = search.emptyCircuit();
        AtomicLong left = new AtomicLong(circuit.numUndecided());
        AtomicLong runs = new AtomicLong();
        long start = System.nanoTime();
        interruption.resultToCome();
        boolean complete;
        try (Progress _ = Progress.of(streams, () -> progress(left.get(), runs.get(), start))) {
            complete = search.run(circuit, (numRuns, numUndecided) -> {
                runs.set(numRuns);
                left.set(numUndecided);
                return !interruption.isRequested();
            });
        }
        CircuitReport report = new CircuitReport(metricName, threshold, search, circuit);
        report.write(out, model, modelOptions.name(), spec.commandLine().getParseResult().originalArgs());
        if (dot != null) {
            report.writeDot(dot);
        }
        streams.err().println(report.summary((System.nanoTime() - start) / 1e9, complete));
        return 0;
    }

    private static String progress(long numUndecided, long numRuns, long start) {
        return String.format(Locale.ROOT, "searching, %,d edges left, %,.0f runs/s", numUndecided,
                numRuns / ((System.nanoTime() - start) / 1e9));
    }
}
