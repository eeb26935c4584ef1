package io.github.pastkv.serve.run;

import io.github.pastkv.serve.request.ApiException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * A request on its way: its events come in order, and it may be canceled. Closing it cancels what still runs.
 *
 * <p>Events are for one thread; {@link #cancel} is for any.
 */
public final class RequestRun implements AutoCloseable {
    private final RunRequest request;
    private final Consumer<RecentPrompt> onStart;
    private final Runnable onPrefilled;
    private final Consumer<RequestRun> onCancel;
    private final List<PromptRun> prompts = new ArrayList<>();
    private final BlockingQueue<RunEvent> events = new LinkedBlockingQueue<>(); // some for each token
    private int numEnded;
    private boolean isOver;

    /**
     * A request that has not been submitted.
     *
     * @param onStart is called when one of its prompts starts
     * @param onPrefilled is called when a prompt has its first token
     * @param onCancel takes the request out of the queue, or ends what runs of it
     */
    RequestRun(RunRequest request, Consumer<RecentPrompt> onStart, Runnable onPrefilled,
            Consumer<RequestRun> onCancel) {
        this.request = request;
        this.onStart = onStart;
        this.onPrefilled = onPrefilled;
        this.onCancel = onCancel;
        for (int prompt = 0; prompt < request.prompts().size(); prompt++) {
            prompts.add(new PromptRun(this, request, prompt));
        }
    }

    public RunRequest request() {
        return request;
    }

    List<PromptRun> prompts() {
        return prompts;
    }

    /** Whether the last event has been taken. */
    public boolean isOver() {
        return isOver;
    }

    /**
     * The next event, if there is one within {@code timeout}.
     *
     * @throws InterruptedException when this thread is interrupted
     */
    public Optional<RunEvent> next(Duration timeout) throws InterruptedException {
        RunEvent event = isOver ? null : events.poll(timeout.toMillis(), TimeUnit.MILLISECONDS);
        if (event instanceof RunEvent.PromptEnded) {
            numEnded++;
        }
        isOver |= event instanceof RunEvent.Failed || numEnded == prompts.size();
        return Optional.ofNullable(event);
    }

    void started(RecentPrompt prompt) {
        onStart.accept(prompt);
    }

    void prefilled() {
        onPrefilled.run();
    }

    void add(RunEvent event) {
        events.add(event);
    }

    /** Ends the request within one step, or takes it out of the queue. */
    public void cancel() {
        onCancel.accept(this);
    }

    /** Ends the request with an error. */
    void fail(ApiException error) {
        add(new RunEvent.Failed(error));
        cancel();
    }

    @Override
    public void close() {
        cancel();
    }
}
