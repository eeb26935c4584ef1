package io.github.pastkv.cli.generate;

import io.github.pastkv.cli.io.ErrorReporter;
import io.github.pastkv.cli.io.InputText;
import io.github.pastkv.cli.io.Interruption;
import io.github.pastkv.cli.io.Progress;
import io.github.pastkv.cli.io.Streams;
import io.github.pastkv.cli.io.TokenId;
import io.github.pastkv.cli.options.CacheMixin;
import io.github.pastkv.cli.options.ModelMixin;
import io.github.pastkv.cli.options.TierMixin;
import io.github.pastkv.cli.options.WindowMixin;
import io.github.pastkv.model.ComputeChoice;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.generation.BeamHypothesis;
import io.github.pastkv.model.generation.BeamOptions;
import io.github.pastkv.model.generation.Generation;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.grammar.Grammar;
import io.github.pastkv.model.sampling.SamplingOptions;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Continues a prompt. */
@Command(name = "generate", sortOptions = false,
        header = {"Generate text from a prompt.", ""},
        customSynopsis = {"pastkv generate [OPTIONS] PROMPT", "       pastkv generate [OPTIONS] -",
            "       pastkv generate [OPTIONS] --tokens IDS", ""},
        description = "Streams the prompt and its continuation to stdout, then one line of statistics to stderr.%n",
        footer = {"",
            "Generation stops at an end-of-text token, at --stop, after --max-new-tokens, or when the context is",
            "full. Options without a default take theirs from the model's generation_config.json. Control tokens",
            "in the prompt, such as <|endoftext|>, are recognized. A line with --- separates the completions.", "",
            "Examples:",
            "  pastkv generate \"Once upon a time\"",
            "  pastkv generate --temperature 0.7 --seed 3 --max-new-tokens 50 \"Mary and John\"",
            "  cat story.txt | pastkv generate --kv-type bf16 -",
            "  pastkv generate --num-return-sequences 3 --temperature 0.8 --max-new-tokens 40 \"One day\"",
            "  pastkv generate --regex \"[A-Z][a-z]+ (ran|slept)\\\\.\" \"Once upon a time, \"",
            "  pastkv generate --json-schema person.json \"A person as JSON:\"",
            "  pastkv generate --num-beams 4 --max-new-tokens 40 \"One day\"",
            "  pastkv generate --tokens 1,15,27 --temperature 0 --json"})
public final class GenerateCommand implements Callable<Integer> {
    private final Streams streams;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Parameters(arity = "0..1", paramLabel = "PROMPT",
            description = "The prompt; - reads it from standard input.") private @Nullable String promptArgument;

    @Option(names = "--tokens", paramLabel = "IDS", split = ",", hideParamSyntax = true, converter = TokenId.class,
            description = "Prompt as token ids, such as 1,2,3. Prints ids; needs no "
                    + "tokenizer.") private @Nullable List<Integer> tokens;

    @Option(names = "--max-new-tokens", paramLabel = "N",
            description = "Generate at most N tokens. Default: 1024.") private int maxNewTokens = 1024;

    @Mixin private SamplingMixin sampling = new SamplingMixin();

    @Mixin private GenerationModeMixin answerOptions = new GenerationModeMixin();

    @Option(names = "--stop", paramLabel = "TEXT",
            description = "Stop before this text. Repeatable.") private List<String> stopStrings =
                    List.of();

    @Mixin private GrammarMixin grammarOptions = new GrammarMixin();

    @Option(names = "--ignore-eos", description = "Continue after end-of-text tokens.") private boolean ignoreEos;

    @Option(names = "--json",
            description = "Print one JSON object with tokens, text and measurements.") private boolean asJson;

    @Mixin private ModelMixin modelOptions = new ModelMixin(ComputeChoice.AUTO);

    @Mixin private CacheMixin cacheOptions = new CacheMixin();

    @Mixin private TierMixin tierOptions = new TierMixin();

    @Mixin private WindowMixin windowOptions = new WindowMixin();

    public GenerateCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        checkOptions();
        Grammar grammar = grammarOptions.grammar();
        String prompt = promptArgument == null ? null
                : InputText.of(promptArgument, streams.in(), "the prompt", spec.commandLine());
        try (Model model = modelOptions.loadForText(streams)) {
            sampling.checkFor(model.config());
            int[] promptIds = prompt == null ? TokenId.toArray(tokens) : encode(prompt, model);
            requireFits(model, promptIds);
            SessionOptions options = cacheOptions.options(model.config(), (long) promptIds.length + maxNewTokens);
            try (Session session = model.newSession(windowOptions.addTo(options))) {
                return generate(session, prompt, promptIds, grammar);
            }
        }
    }

    private void checkOptions() {
        modelOptions.check();
        modelOptions.useTiers(tierOptions);
        cacheOptions.check();
        windowOptions.check();
        sampling.check();
        answerOptions.check(sampling, !stopStrings.isEmpty(), grammarOptions.isGiven(), asJson);
        require((promptArgument == null) != (tokens == null), promptArgument == null
                ? "no prompt: give PROMPT, - for standard input, or --tokens"
                : "PROMPT and --tokens: give one of them");
        int least = answerOptions.isBeamSearch() ? 1 : 0;
        require(maxNewTokens >= least, "--max-new-tokens: " + maxNewTokens + ", must be at least " + least);
        require(!stopStrings.contains(""), "--stop: is empty");
    }

    private void require(boolean condition, String message) {
        if (!condition) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }

    private int[] encode(String prompt, Model model) {
        TextTokenizer tokenizer = model.tokenizer()
                .orElseThrow(() -> modelOptions.noTokenizer("so give token ids with --tokens"));
        int[] ids = tokenizer.encode(prompt, true);
        require(ids.length > 0, "the prompt is empty");
        return ids;
    }

    private int generate(Session session, @Nullable String prompt, int[] promptIds, @Nullable Grammar grammar) {
        LiveOutput.Form form = asJson
                ? LiveOutput.Form.NOTHING
                : prompt == null ? LiveOutput.Form.IDS : LiveOutput.Form.TEXT;
        SamplingOptions chosen = sampling.options(session.model().generationConfig());
        answerOptions.checkFor(chosen);
        try (Interruption interruption = new Interruption();
                Progress progress = Progress.of(streams, progressText(promptIds))) {
            LiveOutput output =
                    new LiveOutput(streams.out(), form, prompt == null ? "" : prompt, interruption, progress);
            Answers answers = answers(session, promptIds, chosen, grammar, output);
            report(new GenerationReport(answers, prompt, session.model().tokenizer().orElse(null), chosen,
                    setting(session)));
            return interruption.isRequested() ? ErrorReporter.INTERRUPTED : 0;
        }
    }

    private String progressText(int[] promptIds) {
        return answerOptions.isBeamSearch() ? "searching" : "reading " + promptIds.length + " prompt tokens";
    }

    /** Makes the answers and prints them: one as it is made, several when all are there. */
    private Answers answers(Session session, int[] promptIds, SamplingOptions chosen, @Nullable Grammar grammar,
            LiveOutput output) {
        Set<Integer> stopTokens =
                ignoreEos ? Set.of() : Set.copyOf(session.model().generationConfig().eosIds());
        if (answerOptions.isBeamSearch()) {
            tellUnapplied(chosen);
            Answers found = search(session, promptIds, answerOptions.beamOptions(maxNewTokens, stopTokens));
            output.printAll(found.answers());
            return found;
        }
        GenerationOptions options =
                answerOptions.addTo(GenerationOptions.greedy(maxNewTokens).ignoringEos().withSampling(chosen)
                        .withStopTokens(stopTokens).withStopStrings(stopStrings).withGrammar(grammar));
        boolean isLive = options.numReturnSequences() == 1;
        Answers made = Answers.of(generate(session, promptIds, options, isLive ? output : output.silent()));
        if (isLive) {
            output.end();
        } else {
            output.printAll(made.answers());
        }
        return made;
    }

    /** Beam search takes the logits as they are, whatever generation_config.json says of them. */
    private void tellUnapplied(SamplingOptions chosen) {
        List<String> unapplied = new ArrayList<>();
        if (chosen.noRepeatNgramSize() > 0) {
            unapplied.add("no_repeat_ngram_size");
        }
        if (!chosen.suppressTokens().isEmpty()) {
            unapplied.add("suppress_tokens");
        }
        if (!chosen.beginSuppressTokens().isEmpty()) {
            unapplied.add("begin_suppress_tokens");
        }
        if (chosen.minNewTokens() > 0) {
            unapplied.add("min_new_tokens");
        }
        if (!unapplied.isEmpty()) {
            streams.err().println("generation_config.json: beam search does not apply " + String.join(", ", unapplied));
        }
    }

    private Answers search(Session session, int[] promptIds, BeamOptions options) {
        long start = System.nanoTime();
        List<BeamHypothesis> found = session.beamSearch(new int[][] {promptIds}, options).getFirst();
        return Answers.of(found, answerOptions.numReturnSequences(), session.model().tokenizer().orElse(null),
                promptIds, System.nanoTime() - start);
    }

    private static Generation generate(Session session, int[] promptIds, GenerationOptions options,
            LiveOutput output) {
        try {
            return session.generate(new int[][] {promptIds}, options, output);
        } catch (RuntimeException | Error e) {
            output.breakOff();
            throw e;
        }
    }

    /** Silent when nobody reads the result any more. */
    private void report(GenerationReport report) {
        if (asJson) {
            streams.out().println(new GenerationJson(report).json());
        }
        if (!streams.out().checkError()) {
            streams.err().println(report.line());
        }
    }

    private static void requireFits(Model model, int[] promptIds) {
        int longest = model.config().longestSeqLen();
        if (promptIds.length > longest) {
            throw new IllegalArgumentException("the prompt has " + promptIds.length
                    + " tokens, the context of the model is " + longest);
        }
    }

    private GenerationReport.Setting setting(Session session) {
        return new GenerationReport.Setting(modelOptions.name(), cacheOptions.kvTypes().toString(),
                windowOptions.window(), maxNewTokens, session.cache().cacheBytes(),
                session.model().linearPrecision().toString(),
                session.model().kernels().kernels().name(), session.model().tierUses());
    }
}
