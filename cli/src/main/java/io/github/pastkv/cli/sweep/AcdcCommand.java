package io.github.pastkv.cli.sweep;

import io.github.pastkv.cli.io.Interruption;
import io.github.pastkv.cli.io.OutFile;
import io.github.pastkv.cli.io.Output;
import io.github.pastkv.cli.io.Progress;
import io.github.pastkv.cli.io.Streams;
import io.github.pastkv.cli.options.ModelMixin;
import io.github.pastkv.lens.TokenLabels;
import io.github.pastkv.lens.circuits.Circuit;
import io.github.pastkv.lens.circuits.CircuitCase;
import io.github.pastkv.lens.circuits.CircuitEdge;
import io.github.pastkv.lens.circuits.CircuitOptions;
import io.github.pastkv.lens.circuits.CircuitSearch;
import io.github.pastkv.lens.patching.MetricSpec;
import io.github.pastkv.lens.plot.Caption;
import io.github.pastkv.lens.plot.CircuitDot;
import io.github.pastkv.lens.plot.CircuitDrawing;
import io.github.pastkv.lens.plot.Picture;
import io.github.pastkv.lens.sweep.CircuitResult;
import io.github.pastkv.lens.sweep.ModelIdentity;
import io.github.pastkv.lens.sweep.PatchCase;
import io.github.pastkv.model.ComputeChoice;
import io.github.pastkv.model.Model;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Searches for the circuit behind a behavior. */
@Command(name = "acdc", sortOptions = false, header = {"Find the circuit of a behavior (ACDC).", ""},
        customSynopsis = {"pastkv acdc [OPTIONS] --clean TEXT --corrupt TEXT --answer TEXT --wrong TEXT \\",
            "                   --threshold X",
            "       pastkv acdc [OPTIONS] --pairs FILE.jsonl --threshold X",
            "       pastkv acdc [OPTIONS] --clean TEXT --corrupt TEXT --answer TEXT --wrong TEXT --check FILE", ""},
        description = "Automatic circuit discovery (ACDC, Conmy et al. 2023): goes from the output to the input and "
                + "removes every edge between embeddings, heads and feed-forward blocks whose removal raises the "
                + "metric by less than the threshold. The remaining edges are the circuit. Where an edge is "
                + "removed, the receiver gets the sender's output from the corrupted run. The shared prefix is "
                + "computed once and edges are tested in batches; the circuit is the same as with one full run per "
                + "edge.%n",
        footer = {"",
            "Nodes are named embed, a1.3 (head 3 of layer 1) and m1 (feed-forward block of layer 1). A head has",
            "one input each for query, key and value. The strongest edges are printed; --out has all. Ctrl-C ends",
            "the search and writes the edges decided so far; --resume continues. With --pairs the metric is the",
            "mean over the pairs, which may differ in length.",
            "--check runs only the circuit in a file, on the same or on other prompts. Families that normalize",
            "the output of their blocks, such as Gemma 2 and OLMo 2, are not supported.", "", "Examples:",
            "  pastkv acdc --clean \"When Mary and John went to the store, John gave a drink to\" \\",
            "      --corrupt \"When Mary and John went to the store, Mary gave a drink to\" \\",
            "      --answer \" Mary\" --wrong \" John\" --threshold 0.05 --out circuit.json --svg circuit.svg",
            "  pastkv acdc --pairs names.jsonl --check circuit.json"})
public final class AcdcCommand implements Callable<Integer> {
    private static final int MAX_DIFFERENCES = 5;
    private static final int MAX_EDGES = 12; // printed

    private final Streams streams;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Mixin private PairMixin pairOptions = new PairMixin();

    @Mixin private MetricTokensMixin answerOptions = new MetricTokensMixin();

    @Option(names = "--metric", paramLabel = "NAME", converter = KindConverters.Metric.class,
            completionCandidates = KindConverters.Metric.class,
            description = "The metric to keep low: kl (divergence from the clean run, in nats) or logit_diff "
                    + "(decrease of the logit difference between answer and wrong token). Default: "
                    + "kl.") private MetricSpec.Kind metric =
                            MetricSpec.Kind.KL;

    @Option(names = "--threshold", paramLabel = "X",
            description = "Remove an edge if that raises the metric by less than "
                    + "X.") private @Nullable Double threshold;

    @Option(names = "--plain",
            description = "Test each edge in a full run of its own. Slower, with the same "
                    + "circuit.") private boolean plain;

    @Output
    @Option(names = "--out", paramLabel = "FILE",
            description = "Write the circuit to FILE, as JSON.") private @Nullable Path out;

    @Option(names = "--resume",
            description = "Continue from the file of --out, which must have the same model, prompts and "
                    + "options.") private boolean resume;

    @Output
    @Option(names = {"--plot", "--svg"}, paramLabel = "FILE",
            description = "Draw the circuit (.svg or .png).") private @Nullable Path plot;

    @Output
    @Option(names = "--dot", paramLabel = "FILE",
            description = "Write the circuit as a Graphviz file.") private @Nullable Path dot;

    @Option(names = "--check", paramLabel = "FILE",
            description = "Do not search: run the circuit in FILE and report its metric.") private @Nullable Path check;

    @Mixin private ModelMixin modelOptions = new ModelMixin(ComputeChoice.F32);

    public AcdcCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        modelOptions.check();
        pairOptions.check(answerOptions, metric);
        if (metric != MetricSpec.Kind.KL && metric != MetricSpec.Kind.LOGIT_DIFF) {
            throw refused("--metric: '" + metric + "', known are kl, logit_diff");
        }
        requireOutput();
        Picture.requireFormat("--plot", plot);
        CircuitOptions options = options();
        boolean isIds = pairOptions.isIds() && answerOptions.isIds();
        try (Model model = isIds ? modelOptions.loadForIds(streams) : modelOptions.load(streams);
                Interruption interruption = new Interruption()) {
            List<PatchCase> pairs = pairOptions.pairs(model, modelOptions, answerOptions, metric, false, true);
            List<CircuitCase> circuitCases =
                    pairs.stream().map(each -> CircuitCase.of(each.pair(), each.metric())).toList();
            try (CircuitSearch search = new CircuitSearch(model, circuitCases, options)) {
                return check == null
                        ? search(model, pairs, search, interruption)
                        : check(model, pairs, search, check);
            }
        }
    }

    /** Refuses files that are not asked for rightly, before the work. */
    private void requireOutput() {
        if (check != null) {
            if (out != null || threshold != null || resume || dot != null || plot != null) {
                throw refused(
                        "--check: does not search, so not with --out, --threshold, --resume, --dot or --plot");
            }
            return;
        }
        if (threshold == null) {
            throw refused("give --threshold, or --check");
        }
        if (resume && out == null) {
            throw refused("--resume: give --out, the file to continue from");
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

    private ModelIdentity identity(Model model) throws IOException {
        try (Progress _ = Progress.of(streams, "reading the weights for their digest")) {
            return ModelIdentity.of(model, modelOptions.name());
        }
    }

    private int search(Model model, List<PatchCase> pairs, CircuitSearch search, Interruption interruption)
            throws IOException {
        double limit = Objects.requireNonNull(threshold);
        ModelIdentity identity = identity(model);
        CircuitResult result = out != null && resume && Files.exists(out)
                ? CircuitResult.resume("--resume", out, identity, pairs, limit, search)
                : CircuitResult.empty(identity, pairs, limit, search);
        long start = System.nanoTime();
        interruption.resultToCome();
        Circuit circuit = result.circuit();
        boolean complete = run(search, circuit, interruption);
        double seconds = (System.nanoTime() - start) / 1e9;
        double alone = result.alone();
        if (out != null) {
            OutFile.write(out, result.json(alone,
                    Map.of("command", CommandLineText.of(spec.commandLine().getParseResult().originalArgs()))));
        }
        if (dot != null) {
            OutFile.write(dot, new CircuitDot(search.graph(), circuit.kept()).text());
        }
        if (plot != null) {
            OutFile.write(plot, drawing(model, pairs, search, circuit, alone).picture()::write);
        }
        streams.out().print(strongestEdges(circuit));
        streams.out().flush();
        streams.err().println(summary(search, circuit, alone, seconds, complete));
        return 0;
    }

    /** The kept edges by their effect, the greatest first. */
    private static String strongestEdges(Circuit circuit) {
        List<CircuitEdge> kept = circuit.kept().stream()
                .sorted(Comparator.comparingDouble(edge -> -Math.abs(edge.effect()))).toList();
        StringBuilder text = new StringBuilder(String.format("edge                 metric rises without it by%n"));
        for (CircuitEdge edge : kept.subList(0, Math.min(kept.size(), MAX_EDGES))) {
            text.append(String.format(Locale.ROOT, "%-7s -> %-7s %10.4g%n",
                    circuit.graph().senders().get(edge.sender()).name(),
                    circuit.graph().receivers().get(edge.receiver()).name(),
                    edge.effect()));
        }
        if (kept.size() > MAX_EDGES) {
            text.append(String.format("and %,d more, which --out and --plot have%n", kept.size() - MAX_EDGES));
        }
        return text.toString();
    }

    private CircuitDrawing drawing(Model model, List<PatchCase> pairs, CircuitSearch search, Circuit circuit,
            double alone) {
        PatchCase first = pairs.getFirst();
        List<String> notes = new ArrayList<>();
        notes.add("clean: " + TokenLabels.text(model, first.pair().clean()));
        notes.add("corrupted: " + TokenLabels.text(model, first.pair().corrupted()));
        if (pairs.size() > 1) {
            notes.add("and " + (pairs.size() - 1) + " more pairs");
        }
        notes.add(SweepText.metric(model, first.metric(), pairs.size() > 1));
        notes.add(String.format(Locale.ROOT, "circuit alone %.4g, corrupted %.4g; removed: all edges below %s", alone,
                search.corruptedMetric(), threshold));
        notes.add("numbers: by how much the metric rises without the edge; model: " + modelOptions.name());
        String title = String.format(Locale.ROOT, "Circuit: %,d of %,d edges", circuit.kept().size(),
                search.graph().numEdges());
        return new CircuitDrawing(search.graph(), circuit.kept(), new Caption(title, notes));
    }

    private String summary(CircuitSearch search, Circuit circuit, double alone, double seconds, boolean complete) {
        return String.format(Locale.ROOT,
                "%,d of %,d edges kept; %s of the circuit alone %.4g (corrupted prompt %.4g); %,d runs in %.2f s%s%s",
                circuit.kept().size(), search.graph().numEdges(), metric, alone, search.corruptedMetric(),
                search.numRuns(), seconds,
                search.numPlainTokens() == 0
                        ? ""
                        : String.format(Locale.ROOT, ", %.1f %% of the work of plain ones",
                                100.0 * search.numTokensRun() / search.numPlainTokens()),
                complete ? "" : "; ended by interruption, --resume goes on");
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

    private int check(Model model, List<PatchCase> pairs, CircuitSearch search, Path file) throws IOException {
        CircuitResult.Check checked = CircuitResult.check("--check", file, identity(model), pairs, search);
        streams.out().printf(Locale.ROOT,
                "%s: %,d of %,d edges; %s of the circuit alone %.4g (whole model %.4g, corrupted %s "
                        + "%.4g)%n",
                file, checked.circuit().kept().size(), search.graph().numEdges(), metric, checked.alone(),
                search.cleanMetric(), pairs.size() == 1 ? "prompt" : "prompts", search.corruptedMetric());
        if (checked.isContradicted()) {
            throw new IOException(String.format(Locale.ROOT,
                    "--check: %s says %s for the same model and prompts, and this run gives %s", file,
                    checked.recorded().orElseThrow(), checked.alone()));
        }
        streams.out().print(checkedText(checked.differences()));
        return 0;
    }

    /** Whether the file is of the same prompts, or how it differs. */
    private static String checkedText(List<String> differences) {
        if (differences.isEmpty()) {
            return String.format("The file is of the same model and prompts and says the same.%n");
        }
        StringBuilder text = new StringBuilder(String.format("The circuit was found for something else:%n"));
        differences.stream().limit(MAX_DIFFERENCES).forEach(each -> text.append("  ").append(each).append('\n'));
        if (differences.size() > MAX_DIFFERENCES) {
            text.append("  and ").append(differences.size() - MAX_DIFFERENCES).append(" more fields\n");
        }
        return text.toString();
    }

    private static String progress(long numUndecided, long numRuns, long start) {
        return String.format(Locale.ROOT, "searching, %,d edges left, %,.0f runs/s", numUndecided,
                numRuns / ((System.nanoTime() - start) / 1e9));
    }
}
