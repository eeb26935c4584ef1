package io.github.pastkv.cli.serve;

import io.github.pastkv.cli.io.ErrorReporter;
import io.github.pastkv.cli.io.Interruption;
import io.github.pastkv.cli.io.Output;
import io.github.pastkv.cli.io.Progress;
import io.github.pastkv.cli.io.Streams;
import io.github.pastkv.cli.options.CacheMixin;
import io.github.pastkv.cli.options.ModelMixin;
import io.github.pastkv.cli.options.TierMixin;
import io.github.pastkv.model.ComputeChoice;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.files.Messages;
import io.github.pastkv.serve.NamedModel;
import io.github.pastkv.serve.ServeOptions;
import io.github.pastkv.serve.batch.Batch;
import io.github.pastkv.serve.batch.BatchOptions;
import io.github.pastkv.serve.batch.BatchProgress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Answers the requests of a file. */
@Command(name = "batch", sortOptions = false,
        header = {"Answer the requests of a file.", ""},
        customSynopsis = {"pastkv batch [OPTIONS] --input FILE.jsonl --output FILE.jsonl", ""},
        description = "Reads one request per line and writes one answer per line, in the order of the input. Requests "
                + "whose prompts share a prefix run next to each other, so that the prefix is computed once. Results "
                + "do not depend on the order. A request that cannot be answered gets an error in its line.%n",
        footer = {"",
            "A line is a request of OpenAI's batch format, or the body of one alone:",
            "  {\"custom_id\": \"a\", \"method\": \"POST\", \"url\": \"/v1/completions\","
                    + " \"body\": {\"prompt\": \"Once\"}}",
            "  {\"prompt\": \"Once upon a time\", \"max_tokens\": 20, \"temperature\": 0}",
            "  {\"messages\": [{\"role\": \"user\", \"content\": \"Hello\"}]}", "",
            "Answers are collected in OUTPUT.partial until all are there. After an interruption, the same command",
            "goes on where it stopped. Exit code 1 means that some lines have errors; run it again to retry them.", "",
            "Examples:",
            "  pastkv batch --input requests.jsonl --output answers.jsonl",
            "  pastkv batch --model ~/models/SmolLM2-135M-Instruct --input in.jsonl --output out.jsonl"})
public final class BatchCommand implements Callable<Integer> {
    private final Streams streams;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Option(names = "--input", paramLabel = "FILE", required = true,
            description = "The requests, as JSON lines.") private Path input = Path.of("");

    @Output
    @Option(names = "--output", paramLabel = "FILE", required = true,
            description = "The answers, as JSON lines. Answers that it already has are kept, and not computed "
                    + "again.") private Path output = Path.of("");

    @Option(names = "--overwrite",
            description = "Replace an output that answers other requests; its answers to these are "
                    + "kept.") private boolean overwrites;

    @Option(names = "--model-name", paramLabel = "NAME",
            description = "Name of the model in requests that give one; others are rejected. Default: that of its "
                    + "folder or file.") private String modelName = "";

    @Option(names = "--order", paramLabel = "prefix|input",
            description = "Order of work: by shared prefix, or that of the input. "
                    + "Default: prefix.") private Order order =
                            Order.prefix;

    @Option(names = "--max-running", paramLabel = "N",
            description = "Maximum number of concurrent generations. Default: 32.") private int maxRunning =
                    ServeOptions.defaults().maxRunning();

    @Option(names = "--max-batch-tokens", paramLabel = "N",
            description = "Maximum number of tokens per forward pass. Default: 512.") private int maxBatchTokens =
                    ModelOptions.defaults().maxBatchTokens();

    @Mixin private ModelMixin modelOptions = new ModelMixin(ComputeChoice.AUTO);

    @Mixin private CacheMixin cacheOptions = new CacheMixin();

    @Mixin private TierMixin tierOptions = new TierMixin();

    public BatchCommand(Streams streams) {
        this.streams = streams;
    }

    /** In which order requests run. */
    enum Order {
        prefix, input
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        check();
        Model model = modelOptions.loadForText(streams,
                modelOptions.options().withMaxBatchTokens(maxBatchTokens)
                        .withMaxCachedBytes(cacheOptions.limitBytes()));
        Batch batch = new Batch(new BatchOptions(input, output, overwrites, order == Order.prefix, maxRunning),
                new NamedModel(modelName(), model, cacheOptions.options()),
                line -> streams.err().println(Messages.printable("pastkv: " + line)));
        try (Interruption interruption = new Interruption()) {
            interruption.resultToCome();
            BatchProgress end;
            try (Progress _ = Progress.of(streams, () -> describe(batch.progress()))) {
                end = run(batch, interruption);
            }
            return report(batch, end);
        }
    }

    private String modelName() {
        if (!modelName.isEmpty()) {
            return modelName;
        }
        return modelOptions.isShipped() ? ServeCommand.SHIPPED_NAME
                : String.valueOf(Path.of(modelOptions.name()).toAbsolutePath().getFileName());
    }

    private void check() {
        modelOptions.check();
        modelOptions.useTiers(tierOptions);
        cacheOptions.check();
        if (!Files.isRegularFile(input)) { // before a large model is loaded
            throw new ParameterException(spec.commandLine(), "--input: " + input + ": is no file");
        }
        requireIn("--max-running", maxRunning, 1, 4096);
        requireIn("--max-batch-tokens", maxBatchTokens, 1, 1 << 20);
    }

    private void requireIn(String name, int actual, int least, int most) {
        if (actual < least || actual > most) {
            throw new ParameterException(spec.commandLine(),
                    name + ": " + actual + ", must be in [" + least + ", " + most + "]");
        }
    }

    /** Runs the batch on a thread of its own, while this one watches for an interruption. */
    private static BatchProgress run(Batch batch, Interruption interruption) throws IOException, InterruptedException {
        try (ExecutorService thread = Executors.newSingleThreadExecutor()) {
            Future<BatchProgress> end = thread.submit(batch::run);
            while (!end.isDone()) {
                await(end);
                if (interruption.isRequested()) {
                    batch.cancel();
                }
            }
            return end.get();
        } catch (InterruptedException e) {
            batch.cancel();
            throw e;
        } catch (ExecutionException e) {
            throw rethrown(e.getCause());
        }
    }

    private static void await(Future<?> end) throws InterruptedException, ExecutionException {
        try {
            end.get(50, TimeUnit.MILLISECONDS);
        } catch (TimeoutException _) {
            // the interruption is looked at again
        }
    }

    private static IOException rethrown(@Nullable Throwable thrown) {
        if (thrown instanceof RuntimeException exception) {
            throw exception;
        }
        if (thrown instanceof Error error) {
            throw error;
        }
        return thrown instanceof IOException exception ? exception : new IOException(thrown);
    }

    private int report(Batch batch, BatchProgress end) {
        streams.err().println("pastkv: " + describe(end));
        if (batch.isCanceled()) {
            streams.err().println(Messages.printable(
                    "pastkv: stopped; " + output + ".partial has the answers so far, the same command goes on"));
            return ErrorReporter.INTERRUPTED;
        }
        if (end.numFailed() > 0) {
            streams.err().println(Messages.printable("pastkv: " + end.numFailed() + " of " + end.numLines()
                    + " lines have errors: those of " + output + " whose status_code is not 200"));
            return 1;
        }
        return 0;
    }

    private static String describe(BatchProgress progress) {
        StringBuilder text = new StringBuilder(String.format(Locale.ROOT, "%,d of %,d lines",
                progress.numLines() - progress.numLeft(), progress.numLines()));
        if (progress.numKept() > 0) {
            text.append(String.format(Locale.ROOT, " (%,d of an earlier run)", progress.numKept()));
        }
        if (progress.numFailed() > 0) {
            text.append(String.format(Locale.ROOT, ", %,d failed", progress.numFailed()));
        }
        if (progress.numAnswered() > 0) {
            text.append(String.format(Locale.ROOT, ", %,.0f tokens/s, %.1f %% of the prompts' tokens reused",
                    progress.tokensPerSecond(), 100 * progress.reusedShare()));
        }
        if (progress.numAnswered() > 0 && progress.numLeft() > 0) {
            text.append(String.format(Locale.ROOT, ", %,.0f s left", progress.secondsLeft()));
        }
        return text.toString();
    }
}
