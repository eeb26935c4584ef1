package io.github.pastkv.serve.batch;

import io.github.pastkv.serve.NamedModel;
import io.github.pastkv.serve.openai.Models;
import io.github.pastkv.serve.request.ApiException;
import io.github.pastkv.serve.run.RequestQueue;
import io.github.pastkv.serve.run.ServedModel;
import io.github.pastkv.serve.run.ServerMetrics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Answers the requests of a file without HTTP. Requests whose prompts begin alike run one after the other: sorted by
 * their token ids they are the leaves of a prefix tree, walked depth first. Answers come out in the order of the
 * input, one line for each line: a line that is no request, or one that cannot be answered, gets an error. A batch
 * that was stopped and is run again goes on with what has no answer yet.
 *
 * <p>The form of the files is that of OpenAI's batches; a line may also be the body of a request alone. Reads a window
 * of the input at a time, so that memory is bounded but for some 400 bytes a line.
 *
 * <p>{@link #run} is for one thread and called once; {@link #cancel} and {@link #progress} are for any.
 */
public final class Batch {
    private static final int MAX_WINDOW_TOKENS = 1 << 24;
    private static final int MAX_WINDOW_LINES = 1 << 17;
    private static final long MAX_WINDOW_BYTES = 256L << 20; // of lines, for what requests hold beside tokens
    private static final int MAX_PROMPTS_PER_LINE = 128;
    private static final Duration MAX_STEP = Duration.ofMinutes(1);

    private final BatchOptions options;
    private final NamedModel model;
    private final Consumer<String> log;
    private final BatchCounts counts = new BatchCounts();
    private volatile boolean canceled;
    private volatile boolean finished;
    private volatile @Nullable BatchWindow window;

    /**
     * A batch that has not begun.
     *
     * @param model answers all requests; {@link #run} closes it
     * @param log is given a line for each failure that its answer does not explain
     */
    public Batch(BatchOptions options, NamedModel model, Consumer<String> log) {
        this.options = options;
        this.model = model;
        this.log = log;
    }

    /**
     * Answers all requests that have no answer yet, and writes the output. Returns early when canceled: what has been
     * answered is kept for the next run then.
     *
     * @return how far it came
     * @throws IOException when the input cannot be read or the output not be written; what has been answered is kept
     */
    public BatchProgress run() throws IOException, InterruptedException {
        try (ServedModel served = serve()) {
            String modelDigest = model.model().source().digest();
            List<String> ids = ids(newIds(modelDigest));
            counts.numLines(ids.size());
            if (canceled) {
                return progress();
            }
            try (BatchOutput output = BatchOutput.open(options.output(), options.overwrites(), Set.copyOf(ids))) {
                answer(served, ids, newIds(modelDigest), output);
                if (!canceled) {
                    output.finish(ids);
                    finished = true;
                }
            }
        }
        return progress();
    }

    /** The model, which is closed if it cannot be served, or the files are not such that it is needed. */
    private ServedModel serve() throws IOException {
        try {
            if (!Files.isRegularFile(options.input())) {
                throw new IOException(options.input() + ": is no file");
            }
            for (Path written : List.of(options.output(), BatchOutput.partialOf(options.output()))) {
                if (Files.exists(written) && Files.isSameFile(written, options.input())) {
                    throw new IOException(written + ": is the input, and would be written");
                }
            }
            return new ServedModel(model.name(), model.model(), model.sessions());
        } catch (IOException | RuntimeException | Error e) {
            model.model().close();
            throw e;
        }
    }

    /** Ends the run within a step; what has been answered is kept. */
    public void cancel() {
        canceled = true;
        BatchWindow current = window;
        if (current != null) {
            current.cancel();
        }
    }

    /** Whether the run was canceled before its output was complete. */
    public boolean isCanceled() {
        return canceled && !finished;
    }

    /** How far the run is. */
    public BatchProgress progress() {
        return counts.progress();
    }

    private LineIds newIds(String modelDigest) {
        return new LineIds(String.join("\n", modelDigest, model.model().numericIdentity(),
                model.sessions().kvTypes().toString(), model.sessions().window().toString(),
                Integer.toString(model.sessions().maxSeqLen())));
    }

    private List<String> ids(LineIds ids) throws IOException {
        List<String> all = new ArrayList<>();
        try (BatchInput lines = new BatchInput(options.input())) {
            for (byte[] line = lines.next(); line != null && !canceled; line = lines.next()) {
                all.add(ids.next(line));
            }
        }
        return all;
    }

    private void answer(ServedModel served, List<String> ids, LineIds again, BatchOutput output)
            throws IOException, InterruptedException {
        RequestQueue queue = new RequestQueue(options.maxRunning(), options.maxRunning() * MAX_PROMPTS_PER_LINE,
                new ServerMetrics(), log);
        try {
            answer(new Models(List.of(served)), ids, again, queue, output);
        } finally {
            awaitIdle(queue); // what was canceled ends within a step
        }
    }

    /** Returns when nothing computes any more, so that the model may be closed. */
    private static void awaitIdle(RequestQueue queue) {
        boolean wasInterrupted = Thread.interrupted();
        boolean isIdle = false;
        while (!isIdle) {
            try {
                isIdle = queue.awaitIdle(MAX_STEP);
            } catch (InterruptedException _) {
                wasInterrupted = true;
            }
        }
        if (wasInterrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void answer(Models models, List<String> ids, LineIds again, RequestQueue queue, BatchOutput output)
            throws IOException, InterruptedException {
        Map<String, Long> customIds = new HashMap<>();
        List<BatchItem> items = new ArrayList<>();
        int numTokens = 0;
        long numBytes = 0;
        try (BatchInput lines = new BatchInput(options.input())) {
            for (byte[] line = lines.next(); line != null && !canceled; line = lines.next()) {
                String id = requireSame(ids, lines.numLines(), again.next(line));
                BatchItem item = read(line, id, lines.numLines(), customIds, models, output);
                if (item != null) {
                    items.add(item);
                    numTokens += item.request().numPromptTokens();
                    numBytes += line.length;
                }
                if (numTokens > MAX_WINDOW_TOKENS || numBytes > MAX_WINDOW_BYTES
                        || items.size() == MAX_WINDOW_LINES) {
                    run(items, queue, output);
                    items.clear();
                    numTokens = 0;
                    numBytes = 0;
                }
            }
        }
        run(items, queue, output);
    }

    private String requireSame(List<String> ids, long numLines, String id) throws IOException {
        if (numLines > ids.size() || !ids.get((int) numLines - 1).equals(id)) {
            throw new IOException(options.input() + ": line " + numLines + " has changed while it was read");
        }
        return id;
    }

    /** Reads a line; null when it needs no work: it has an answer, or it gets an error at once. */
    private @Nullable BatchItem read(byte[] bytes, String id, long numLines, Map<String, Long> customIds,
            Models models, BatchOutput output) throws IOException {
        String customId = null;
        try {
            if (bytes.length > BatchInput.MAX_LINE_BYTES) {
                throw ApiException.badRequest("the line is longer than " + BatchInput.MAX_LINE_BYTES + " bytes");
            }
            BatchLine line = BatchLine.read(bytes);
            customId = line.customId();
            Long earlier = customId == null ? null : customIds.putIfAbsent(customId, numLines);
            if (earlier != null) {
                throw ApiException.badField("custom_id", "'" + customId + "' is that of line " + earlier);
            }
            if (output.hasAnswer(id)) {
                counts.kept();
                return null;
            }
            return new BatchItem(id, customId, BatchRequest.read(line, models));
        } catch (ApiException e) {
            refuse(id, customId, e, output);
        } catch (RuntimeException | StackOverflowError e) { // no fault of one line may end the others
            log.accept("line " + numLines + " could not be read: " + e);
            refuse(id, customId, ApiException.internal("the request could not be read, see the log"), output);
        }
        return null;
    }

    private void refuse(String id, @Nullable String customId, ApiException error, BatchOutput output)
            throws IOException {
        output.error(id, customId, error.status(), error.toJson());
        counts.failed();
    }

    private void run(List<BatchItem> items, RequestQueue queue, BatchOutput output)
            throws IOException, InterruptedException {
        List<BatchItem> order = new ArrayList<>(items);
        if (options.sorts()) {
            order.sort((one, other) -> Arrays.compare(one.request().sortKey(), other.request().sortKey()));
        }
        BatchWindow current = new BatchWindow(order, queue, output, counts);
        window = current;
        if (canceled) {
            return;
        }
        current.run(Math.min(options.maxRunning(), order.size()));
    }
}
