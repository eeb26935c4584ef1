package io.github.pastkv.serve.batch;

import io.github.pastkv.serve.openai.WholeAnswer;
import io.github.pastkv.serve.request.ApiException;
import io.github.pastkv.serve.run.RequestQueue;
import io.github.pastkv.serve.run.RequestRun;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** Runs requests in their order, a number of them at once, and writes their answers as they come. */
final class BatchWindow {
    private static final Duration MAX_WAIT = Duration.ofMillis(100);

    private final Iterator<BatchItem> items;
    private final RequestQueue queue;
    private final BatchOutput output;
    private final BatchCounts counts;
    private volatile boolean canceled;

    BatchWindow(List<BatchItem> items, RequestQueue queue, BatchOutput output, BatchCounts counts) {
        this.items = items.iterator();
        this.queue = queue;
        this.output = output;
        this.counts = counts;
    }

    /** Returns when all have been answered, or after {@link #cancel}. */
    void run(int numWorkers) throws IOException, InterruptedException {
        if (numWorkers == 0) {
            return;
        }
        counts.started();
        List<Callable<@Nullable Void>> workers = new ArrayList<>();
        for (int worker = 0; worker < numWorkers; worker++) {
            workers.add(this::work);
        }
        try (ExecutorService threads = Executors.newFixedThreadPool(numWorkers)) {
            for (Future<?> worker : threads.invokeAll(workers)) {
                worker.get();
            }
        } catch (ExecutionException e) {
            throw rethrown(e.getCause());
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

    /** Ends what runs within a step, and starts nothing more. For any thread. */
    void cancel() {
        canceled = true;
    }

    private @Nullable Void work() throws IOException, InterruptedException {
        try {
            for (BatchItem item = next(); item != null; item = next()) {
                answer(item);
            }
            return null;
        } catch (IOException | InterruptedException | RuntimeException | Error e) {
            cancel(); // the run has failed: nothing more starts
            throw e;
        }
    }

    private @Nullable BatchItem next() {
        synchronized (items) {
            return !canceled && items.hasNext() ? items.next() : null;
        }
    }

    private void answer(BatchItem item) throws IOException, InterruptedException {
        WholeAnswer answer = new WholeAnswer(item.request().run(), item.request().format());
        try (RequestRun run = queue.submit(item.request().run())) {
            while (!run.isOver() && !canceled) {
                run.next(MAX_WAIT).ifPresent(answer::take);
            }
            if (run.isOver()) { // otherwise closing it ends it
                output.answer(item.id(), item.customId(), answer.toJson());
                counts.answered(answer.usage());
            }
        } catch (ApiException e) {
            output.error(item.id(), item.customId(), e.status(), e.toJson());
            counts.failed();
        }
    }
}
