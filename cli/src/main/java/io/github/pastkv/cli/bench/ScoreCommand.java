package io.github.pastkv.cli.bench;

import io.github.pastkv.cli.io.Progress;
import io.github.pastkv.cli.io.Streams;
import io.github.pastkv.cli.options.CacheMixin;
import io.github.pastkv.cli.options.ModelMixin;
import io.github.pastkv.cli.options.TierMixin;
import io.github.pastkv.lens.Lens;
import io.github.pastkv.lens.LensRun;
import io.github.pastkv.lens.Losses;
import io.github.pastkv.model.ComputeChoice;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.engine.StepInput;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Measures how well a model predicts texts. */
@Command(name = "score", sortOptions = false, header = {"Measure the perplexity of texts.", ""},
        customSynopsis = {"pastkv score [OPTIONS] FILE...", ""},
        description = "Prints the mean loss per token (cross-entropy in nats) and the perplexity of each file and "
                + "of all files together. Every token except the first of a file is predicted once, from the tokens "
                + "before it.%n",
        footer = {"",
            "A text longer than the context is split into windows. Each window starts with the last --overlap",
            "tokens of the previous one, which are context only and not scored.",
            "With --disjoint, numbers are those of llama-perplexity -c N with N as --window.", "", "Examples:",
            "  pastkv score story.txt",
            "  pastkv score --model ~/models/SmolLM-135M --window 1024 --overlap 256 *.txt",
            "  pastkv score --model ~/models/SmolLM-135M-Q8_0.gguf --disjoint --window 512 wiki.txt"})
public final class ScoreCommand implements Callable<Integer> {
    private static final int PIECE_TOKENS = 256;
    private static final int DISJOINT_WINDOW = 512;

    private final Streams streams;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Parameters(arity = "1..*", paramLabel = "FILE", description = "UTF-8 text files.") private List<Path> files =
            List.of();

    @Option(names = "--window", paramLabel = "N",
            description = "Window size in tokens, at least 2. Default: the model's context, at most "
                    + "2048; 512 with --disjoint.") private int window;

    @Option(names = "--overlap", paramLabel = "N",
            description = "Tokens at the start of a window that serve as context and are not scored. Default: a "
                    + "quarter of the window.") private int overlap =
                            -1;

    @Option(names = "--disjoint",
            description = "Score the second half of each of the windows into which the text is cut, as "
                    + "llama-perplexity does: they do not overlap, each starts with the token that begins texts, and "
                    + "a rest that fills none is left out.") private boolean isDisjoint;

    @Mixin private ModelMixin modelOptions = new ModelMixin(ComputeChoice.F32);

    @Mixin private CacheMixin cacheOptions = new CacheMixin();

    @Mixin private TierMixin tierOptions = new TierMixin();

    public ScoreCommand(Streams streams) {
        this.streams = streams;
    }

    /** A sum of losses and their number. */
    private record Score(double sum, long count) {
        Score plus(Score other) {
            return new Score(sum + other.sum, count + other.count);
        }

        String line(String name) {
            return String.format(Locale.ROOT, "%s: loss %.4f, perplexity %.3f, %,d tokens predicted", name, sum / count,
                    Math.exp(sum / count), count);
        }
    }

    @Override
    public Integer call() throws IOException {
        modelOptions.check();
        modelOptions.useTiers(tierOptions);
        cacheOptions.check();
        try (Model model = modelOptions.load(streams)) {
            int windowTokens = windowTokens(model);
            int overlapTokens = overlapTokens(windowTokens);
            if (overlapTokens >= windowTokens) {
                throw new ParameterException(spec.commandLine(),
                        "--overlap: " + overlapTokens + ", must be below the window of " + windowTokens);
            }
            Score total = new Score(0, 0);
            for (Path file : files) {
                Score score = score(model, ids(model, file), windowTokens, overlapTokens, file);
                streams.out().println(score.line(file.toString()));
                streams.out().flush();
                total = total.plus(score);
            }
            if (files.size() > 1) {
                streams.out().println(total.line("all " + files.size() + " files"));
            }
        }
        return 0;
    }

    private int overlapTokens(int windowTokens) {
        if (isDisjoint && overlap > 0) {
            throw new ParameterException(spec.commandLine(),
                    "--overlap: " + overlap + ", windows of --disjoint do not overlap");
        }
        return isDisjoint ? 0 : overlap < 0 ? windowTokens / 4 : overlap;
    }

    private int windowTokens(Model model) {
        int context = model.config().maxSeqLen();
        if (window == 0) {
            return Math.min(context, isDisjoint ? DISJOINT_WINDOW : 2048);
        }
        if (window < 2 || window > context) {
            throw new ParameterException(spec.commandLine(),
                    "--window: " + window + ", must be in [2, " + context + "], the model's context");
        }
        return window;
    }

    private int[] ids(Model model, Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        String text = StandardCharsets.UTF_8.newDecoder().decode(java.nio.ByteBuffer.wrap(bytes)).toString();
        int[] ids = model.tokenizer()
                .orElseThrow(() -> new IllegalStateException(
                        modelOptions.name() + ": has no tokenizer.json, so it reads no text"))
                .encode(text, true);
        if (ids.length < 2) {
            throw new IOException(file + ": has " + ids.length + " tokens; two are needed to predict one");
        }
        return ids;
    }

    private Score score(Model model, int[] ids, int windowTokens, int overlapTokens, Path file) throws IOException {
        if (isDisjoint && ids.length < windowTokens) {
            throw new IOException(file + ": has " + ids.length + " tokens, less than the window of " + windowTokens);
        }
        Score score = new Score(0, 0);
        long start = System.nanoTime();
        try (Session session = model.newSession(cacheOptions.options().withMaxSeqLen(windowTokens));
                Progress _ = Progress.of(streams, "reading " + ids.length + " tokens of " + file.getFileName())) {
            for (int from = 0; from == 0 || from + overlapTokens < ids.length; from += windowTokens - overlapTokens) {
                session.reset();
                int to = Math.min(from + windowTokens, ids.length);
                if (!isDisjoint) {
                    score = score.plus(scoreWindow(session, ids, from, to, from == 0 ? 1 : from + overlapTokens));
                } else if (to - from == windowTokens) {
                    int[] own = Arrays.copyOfRange(ids, from, to);
                    own[0] = firstToken(model, ids, own[0]);
                    score = score.plus(scoreWindow(session, own, 0, windowTokens, windowTokens / 2 + 1));
                }
            }
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        streams.err().println(String.format(Locale.ROOT, "%s: %,.0f tokens/s, compute %s on %s", file.getFileName(),
                score.count() / seconds, model.linearPrecision(), model.kernels().kernels().name()));
        return score;
    }

    /** The token that begins texts where the tokenizer adds one, else {@code absent}. */
    private static int firstToken(Model model, int[] ids, int absent) {
        int[] added = model.tokenizer().orElseThrow().encode("", true);
        return added.length > 0 && added[0] == ids[0] ? ids[0] : absent;
    }

    /** Losses of tokens {@code [firstCounted, to)}, read from token {@code from} on. */
    private static Score scoreWindow(Session session, int[] ids, int from, int to, int firstCounted) {
        Lens lens = new Lens(session.model());
        LensRun before = null;
        Score score = new Score(0, 0);
        for (int pieceFrom = from; pieceFrom < to; pieceFrom += PIECE_TOKENS) {
            int pieceTo = Math.min(pieceFrom + PIECE_TOKENS, to);
            LensRun run = lens.run(session, StepInput.tokens(Arrays.copyOfRange(ids, pieceFrom, pieceTo)));
            score = score.plus(counted(losses(run, before), pieceFrom, pieceTo, firstCounted, before != null));
            before = run;
        }
        return score;
    }

    private static Losses losses(LensRun run, @Nullable LensRun before) {
        return before == null ? run.losses() : run.lossesAfter(before);
    }

    private static Score counted(Losses losses, int from, int to, int firstCounted, boolean hasBoundary) {
        double sum = 0;
        long count = 0;
        int first = hasBoundary ? from : from + 1; // the token of the first loss
        for (int token = Math.max(first, firstCounted); token < to; token++) {
            sum += losses.perToken().get(0, token - first);
            count++;
        }
        return new Score(sum, count);
    }
}
