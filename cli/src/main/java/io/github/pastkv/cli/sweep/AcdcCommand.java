package io.github.pastkv.cli.sweep;

import io.github.pastkv.cli.io.Interruption;
import io.github.pastkv.cli.io.OutFile;
import io.github.pastkv.cli.io.Output;
import io.github.pastkv.cli.io.Progress;
import io.github.pastkv.cli.io.Streams;
import io.github.pastkv.cli.options.ModelMixin;
import io.github.pastkv.lens.circuits.Circuit;
import io.github.pastkv.lens.circuits.CircuitCase;
import io.github.pastkv.lens.circuits.CircuitOptions;
import io.github.pastkv.lens.circuits.CircuitSearch;
import io.github.pastkv.lens.patching.Metric;
import io.github.pastkv.lens.plot.CircuitDrawing;
import io.github.pastkv.model.ComputeChoice;
import io.github.pastkv.model.Model;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Searches for the circuit behind a behaviour. */
@Command(name = "acdc", sortOptions = false, header = {"Finds the circuit behind a behaviour.", ""},
        customSynopsis = {"pastkv acdc [OPTIONS] --clean TEXT --corrupt TEXT --answer TEXT --wrong TEXT \\",
            "                   --threshold X --out FILE",
            "       pastkv acdc [OPTIONS] --pairs FILE.jsonl --threshold X --out FILE",
            "       pastkv acdc [OPTIONS] --clean TEXT --corrupt TEXT --answer TEXT --wrong TEXT --check FILE", ""},
        description = "Automatic circuit discovery (ACDC, Conmy et al. 2023): from the output down, takes away each edge "
                + "between heads, feed-forward blocks and embeddings whose loss the metric bears, and writes the edges that are "
                + "left. Where an edge is gone, its end reads what its beginning has in the corrupted run. The part that the "
                + "prompts share is computed once, edges are tried many at a time, and the circuit is that of one full run after "
                + "another.%n",
        footer = {"",
            "Nodes are embed, a1.3 (layer 1, head 3) and m1 (feed-forward block of layer 1); a head reads by its",
            "query, key and value. Ctrl-C ends the search; what is decided is written, and --resume goes on from",
            "it. With --pairs the metric is the mean over the pairs, which may be of different lengths. --check",
            "runs a circuit of a file alone, on the same prompts or on others. Families whose stream is no sum of",
            "heads (Gemma 2 and 3, OLMo 2) are refused.", "", "Examples:",
            "  pastkv acdc --clean \"When Mary and John went to the store, John gave a drink to\" \\",
            "      --corrupt \"When Mary and John went to the store, Mary gave a drink to\" \\",
            "      --answer \" Mary\" --wrong \" John\" --threshold 0.05 --out circuit.json --svg circuit.svg",
            "  pastkv acdc --pairs names.jsonl --check circuit.json"})
public final class AcdcCommand implements Callable<Integer> {
    private final Streams streams;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Mixin private PairMixin pairOptions = new PairMixin();

    @Mixin private MetricTokensMixin answerOptions = new MetricTokensMixin();

    @Option(names = "--metric", paramLabel = "NAME", converter = MetricChoice.Converter.class,
            description = "What must not rise: kl, the divergence from the clean run in nats, or logit_diff, by how much the "
                    + "answer's logit less the wrong one's has fallen. Default: kl.") private MetricChoice metric =
                            MetricChoice.KL;

    @Option(names = "--threshold", paramLabel = "X",
            description = "An edge goes when the metric rises by less than this.") private @Nullable Double threshold;

    @Option(names = "--plain",
            description = "Try each edge by a run of its own, in full; slower, the same circuit.") private boolean plain;

    @Output
    @Option(names = "--out", paramLabel = "FILE",
            description = "Where the circuit goes, as JSON.") private @Nullable Path out;

    @Option(names = "--resume",
            description = "Go on from what FILE of --out has already, if it is of the same model, prompts and "
                    + "options.") private boolean resume;

    @Output
    @Option(names = "--svg", paramLabel = "FILE", description = "Also draw the circuit.") private @Nullable Path svg;

    @Output
    @Option(names = "--dot", paramLabel = "FILE",
            description = "Also write a graph for Graphviz.") private @Nullable Path dot;

    @Option(names = "--check", paramLabel = "FILE",
            description = "Search for nothing: run the circuit of this file alone and say what it keeps.") private @Nullable Path check;

    @Mixin private ModelMixin modelOptions = new ModelMixin(ComputeChoice.F32);

    public AcdcCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        modelOptions.check();
        pairOptions.check(answerOptions, metric);
        if (metric != MetricChoice.KL && metric != MetricChoice.LOGIT_DIFF) {
            throw refused("--metric: '" + metric + "', known are kl, logit_diff");
        }
        requireOutput();
        CircuitOptions options = options();
        boolean isIds = pairOptions.isIds() && answerOptions.isIds();
        try (Model model = isIds ? modelOptions.loadForIds(streams) : modelOptions.load(streams);
                Interruption interruption = new Interruption()) {
            List<AnsweredPair> pairs = pairOptions.pairs(model, modelOptions, answerOptions, metric, false);
            try (CircuitSearch search =
                    new CircuitSearch(model, pairs.stream().map(this::circuitCase).toList(), options)) {
                return check == null
                        ? search(model, pairs, search, interruption)
                        : check(model, pairs, search, check);
            }
        }
    }

    /** Lower is better. */
    private CircuitCase circuitCase(AnsweredPair pair) {
        return new CircuitCase(pair.prompts(), cleanLogits -> {
            Metric named = metric.of(pair.answers(), cleanLogits, cleanLogits);
            return metric == MetricChoice.KL ? named : logits -> named.of(cleanLogits) - named.of(logits);
        });
    }

    /** Refuses files that are not asked for rightly, before the work. */
    private void requireOutput() {
        if (check != null) {
            if (out != null || threshold != null || resume || dot != null || svg != null) {
                throw refused(
                        "--check: searches for nothing, so not with --out, --threshold, --resume, --dot or --svg");
            }
            return;
        }
        if (out == null || threshold == null) {
            throw refused("give --threshold and --out, or --check");
        }
    }

    private ParameterException refused(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private CircuitOptions options() {
        try {
            return CircuitOptions.of(threshold == null ? 1 : threshold).withPlain(plain);
        } catch (IllegalArgumentException e) {
            throw refused("--" + e.getMessage());
        }
    }

    private SweepSetup setup(Model model, List<AnsweredPair> pairs) throws IOException {
        ObjectNode commandOptions = JsonNodeFactory.instance.objectNode();
        if (threshold != null) {
            commandOptions.put("threshold", threshold);
        }
        try (Progress _ = Progress.of(streams, "reading the weights for their digest")) {
            return SweepSetup.of(SweepSetup.describe(model, modelOptions.name()), metric, commandOptions,
                    pairs.stream().map(pair -> new PatchCase(pair, true, metric)).toList());
        }
    }

    private int search(Model model, List<AnsweredPair> pairs, CircuitSearch search, Interruption interruption)
            throws IOException {
        Path file = Objects.requireNonNull(out);
        SweepSetup setup = setup(model, pairs);
        PreviousResult earlier = resume && Files.exists(file) ? PreviousResult.read("--resume", file) : null;
        Circuit circuit = earlier == null
                ? search.emptyCircuit()
                : CircuitFile.resumed(earlier, setup, search.graph());
        long start = System.nanoTime();
        interruption.resultToCome();
        boolean complete = run(search, circuit, interruption);
        CircuitReport report = new CircuitReport(setup, search, circuit,
                earlier == null ? JsonNodeFactory.instance.objectNode() : earlier.json().path("counts"));
        report.write(file, spec.commandLine().getParseResult().originalArgs());
        if (dot != null) {
            OutFile.write(dot, report::writeDot);
        }
        if (svg != null) {
            String title = String.format(Locale.ROOT, "%,d of %,d edges; %s of the circuit alone %.4g",
                    circuit.kept().size(), search.graph().numEdges(), metric, search.metricOf(circuit));
            OutFile.write(svg, new CircuitDrawing(search.graph(), circuit.kept(), title)::write);
        }
        streams.err().println(report.summary((System.nanoTime() - start) / 1e9, complete));
        return 0;
    }

    private boolean run(CircuitSearch search, Circuit circuit, Interruption interruption) {
        AtomicLong left = new AtomicLong(circuit.numUndecided());
        AtomicLong runs = new AtomicLong();
        long start = System.nanoTime();
        try (Progress _ = Progress.of(streams, () -> progress(left.get(), runs.get(), start))) {
            return search.run(circuit, (numRuns, numUndecided) -> {
                runs.set(numRuns);
                left.set(numUndecided);
                return !interruption.isRequested();
            });
        }
    }

    private int check(Model model, List<AnsweredPair> pairs, CircuitSearch search, Path file) throws IOException {
        PreviousResult earlier = PreviousResult.read("--check", file);
        Circuit circuit = CircuitFile.read(earlier, search.graph());
        double alone = search.metricOf(circuit);
        streams.out().printf(Locale.ROOT,
                "%s: %,d of %,d edges; %s of the circuit alone %.4g (whole model %.4g, corrupted %s "
                        + "%.4g)%n",
                file, circuit.kept().size(), search.graph().numEdges(), metric, alone, search.cleanMetric(),
                pairs.size() == 1 ? "prompt" : "prompts", search.corruptedMetric());
        OptionalDouble said = CircuitFile.aloneOfSame(earlier, setup(model, pairs));
        if (said.isPresent() && said.getAsDouble() != alone) {
            throw earlier.refusal(String.format(Locale.ROOT,
                    "says %s for the same model and prompts, and this run gives %s", said.getAsDouble(), alone));
        }
        streams.out().println(said.isPresent()
                ? "The file is of the same model and prompts and says the same."
                : "The file is of another model, metric or prompts.");
        return 0;
    }

    private static String progress(long numUndecided, long numRuns, long start) {
        return String.format(Locale.ROOT, "searching, %,d edges left, %,.0f runs/s", numUndecided,
                numRuns / ((System.nanoTime() - start) / 1e9));
    }
}
