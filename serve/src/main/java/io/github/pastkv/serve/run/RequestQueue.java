package io.github.pastkv.serve.run;

import io.github.pastkv.model.generation.ComputeShare;
import io.github.pastkv.serve.request.ApiException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The bounded queue in front of the engine. A number of prompts run at once, each on a thread of its own, whose steps
 * the engine joins; the others wait: higher priorities first, then tenants for which the fewest tokens have been
 * computed, then those whose clients give up first. The first one of a model starts when the tokens that are still to
 * be computed have room beside what running prompts hold. A request that finds no room in the queue, or whose client
 * would give up before its turn, is refused at once.
 *
 * <p>Safe for any number of threads. A server without requests has no thread here.
 */
public final class RequestQueue {
    private static final int SERVER_ERROR = 500; // and above
    private static final int MAX_RECENT_PROMPTS = 64;
    private static final int MAX_RETRY_SECONDS = 600;
    private static final double RATE_WEIGHT = 0.2; // of the last prompt, in the moving average

    private final int maxRunning;
    private final int maxWaiting;
    private final ServerMetrics metrics;
    private final Consumer<String> log;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final List<PromptRun> waiting = new ArrayList<>(); // in order of arrival
    private final List<PromptRun> running = new ArrayList<>();
    private final TenantShares shares = new TenantShares();
    private final Comparator<PromptRun> order = Comparator
            .comparingInt((PromptRun run) -> -run.request().options().priority())
            .thenComparingLong(run -> shares.of(run.request().tenant()).numTokens())
            .thenComparing(PromptRun::deadlineNanos, (one, other) -> Long.signum(one - other));
    private double secondsPerPrompt; // moving average of the time between ends, while there are any; 0 for unknown
    private long lastEndNanos;
    private long numStarted;
    private final Deque<RecentPrompt> recentPrompts = new ArrayDeque<>(); // the newest first
    private final Map<String, Long> generatedTokens = new HashMap<>(); // by model
    private boolean draining;

    /**
     * An empty queue.
     *
     * @param maxRunning prompts that run at once
     * @param maxWaiting prompts that wait at most
     * @param log is given a line for each failure
     */
    public RequestQueue(int maxRunning, int maxWaiting, ServerMetrics metrics, Consumer<String> log) {
        this.maxRunning = maxRunning;
        this.maxWaiting = maxWaiting;
        this.metrics = metrics;
        this.log = log;
    }

    /**
     * Takes a request, which runs as soon as there is room.
     *
     * @throws ApiException 429 when the queue is full or the client would give up before its turn, 503 when the
     *         server is draining
     */
    public RequestRun submit(RunRequest request) {
        lock.lock();
        try {
            if (draining) {
                throw ApiException.unavailable("draining", retryAfterSeconds(), "the server is shutting down");
            }
            ComputeShare share = shares.activate(request.tenant(), tenants());
            RequestRun run = new RequestRun(request.withShare(share), this::started, this::prefilled, this::cancel);
            requireRoom(run);
            waiting.addAll(run.prompts());
            startWaiting();
            return run;
        } finally {
            lock.unlock();
        }
    }

    private void requireRoom(RequestRun run) {
        RunRequest request = run.request();
        int numFree = Math.max(0, maxRunning - running.size()) + maxWaiting - waiting.size();
        if (request.prompts().size() > numFree) {
            metrics.refused(request.model().name());
            throw ApiException.queueFull(retryAfterSeconds(),
                    request.prompts().size() + " prompts, the queue has room for " + numFree + " of " + maxWaiting);
        }
        Duration timeout = request.timeout();
        PromptRun first = run.prompts().getFirst();
        double waitSeconds = waiting.stream().filter(other -> order.compare(other, first) <= 0).count()
                * secondsPerPrompt;
        if (timeout != null && running.size() >= maxRunning && waitSeconds > timeout.toMillis() * 1e-3) {
            metrics.refused(request.model().name());
            throw ApiException.queueFull(retryAfterSeconds(), "the wait would be about " + (long) waitSeconds
                    + " s, the client's timeout is " + timeout.toSeconds() + " s");
        }
    }

    private Set<String> tenants() {
        return Stream.concat(running.stream(), waiting.stream()).map(run -> run.request().tenant())
                .collect(Collectors.toSet());
    }

    /** Starts what there is room for. Called with the lock held. */
    private void startWaiting() {
        Set<ServedModel> full = new HashSet<>();
        Optional<PromptRun> next = next(full);
        while (running.size() < maxRunning && next.isPresent()) {
            if (hasRoomFor(next.get())) {
                start(next.get());
            } else {
                full.add(next.get().request().model()); // it is the next one of its model, whatever fits beside it
            }
            next = next(full);
        }
    }

    /** The first of the waiting prompts of models that are not in {@code full}. */
    private Optional<PromptRun> next(Set<ServedModel> full) {
        return waiting.stream().filter(run -> !full.contains(run.request().model())).min(order);
    }

    private void start(PromptRun prompt) {
        waiting.remove(prompt);
        running.add(prompt);
        Thread.ofPlatform().daemon().name("pastkv-generation-" + numStarted++).start(() -> run(prompt));
    }

    /** Whether what running prompts and this one still compute fits into the cache. One alone always starts. */
    private boolean hasRoomFor(PromptRun next) {
        ServedModel model = next.request().model();
        List<PromptRun> others = running.stream().filter(run -> run.request().model() == model).toList();
        if (others.isEmpty()) {
            return true;
        }
        next.lookUp();
        long numTokens = others.stream().mapToLong(PromptRun::numTokensToCompute).sum() + next.numTokensToCompute();
        return model.hasRoomFor(numTokens);
    }

    private void prefilled() {
        lock.lock();
        try {
            startWaiting();
        } finally {
            lock.unlock();
        }
    }

    private void run(PromptRun prompt) {
        String model = prompt.request().model().name();
        try {
            metrics.ended(model, prompt.generate());
        } catch (RuntimeException | Error e) { // no failure of one request may end the server
            fail(prompt, e);
        }
        ended(prompt);
    }

    private void fail(PromptRun prompt, Throwable thrown) {
        String model = prompt.request().model().name();
        metrics.failed(model);
        ApiException error = PromptRun.errorOf(thrown, retryAfterSeconds());
        if (error.status() >= SERVER_ERROR) { // what is the request's fault only its client is told
            log.accept("a generation of " + model + " failed: " + thrown);
        }
        prompt.run().fail(error);
    }

    private void ended(PromptRun prompt) {
        lock.lock();
        try {
            running.remove(prompt);
            generatedTokens.merge(prompt.request().model().name(), (long) prompt.numTokens(), Long::sum);
            long now = System.nanoTime();
            if (lastEndNanos != 0) {
                double seconds = (now - lastEndNanos) * 1e-9;
                secondsPerPrompt += (secondsPerPrompt == 0 ? 1 : RATE_WEIGHT) * (seconds - secondsPerPrompt);
            }
            lastEndNanos = isIdle() ? 0 : now; // idle time says nothing about the rate
            startWaiting();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private boolean isIdle() {
        return running.isEmpty() && waiting.isEmpty();
    }

    private void cancel(RequestRun run) {
        List<PromptRun> started;
        lock.lock();
        try {
            waiting.removeAll(run.prompts());
            started = running.stream().filter(prompt -> prompt.run() == run).toList();
            startWaiting(); // what waited behind it may have room
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        started.forEach(PromptRun::cancel);
    }

    /** When a request that is refused now should be sent again: after what waits has ended, at the measured rate. */
    private int retryAfterSeconds() {
        double seconds = Math.ceil((waiting.size() + 1) * secondsPerPrompt);
        return (int) Math.clamp(seconds, 1, MAX_RETRY_SECONDS);
    }

    /** From now on requests are refused; those that are there go on. */
    public void drain() {
        lock.lock();
        try {
            draining = true;
        } finally {
            lock.unlock();
        }
    }

    public boolean isDraining() {
        lock.lock();
        try {
            return draining;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until nothing runs or waits.
     *
     * @return whether that is so
     */
    public boolean awaitIdle(Duration timeout) throws InterruptedException {
        lock.lock();
        try {
            long left = timeout.toNanos();
            while (!isIdle() && left > 0) {
                left = changed.awaitNanos(left);
            }
            return isIdle();
        } finally {
            lock.unlock();
        }
    }

    /** Ends all requests with an error. */
    public void failAll(ApiException error) {
        List<RequestRun> runs = new ArrayList<>();
        lock.lock();
        try {
            waiting.forEach(prompt -> runs.add(prompt.run()));
            running.forEach(prompt -> runs.add(prompt.run()));
            waiting.clear(); // none starts in the place of another
        } finally {
            lock.unlock();
        }
        runs.stream().distinct().forEach(run -> run.fail(error));
    }

    private void started(RecentPrompt prompt) {
        lock.lock();
        try {
            recentPrompts.addFirst(prompt);
            if (recentPrompts.size() > MAX_RECENT_PROMPTS) {
                recentPrompts.removeLast();
            }
        } finally {
            lock.unlock();
        }
    }

    /** What the prefix cache had for the last prompts, the newest first. */
    public List<RecentPrompt> recentPrompts() {
        lock.lock();
        try {
            return List.copyOf(recentPrompts);
        } finally {
            lock.unlock();
        }
    }

    /** What runs, then what waits. */
    public List<RunStatus> status() {
        lock.lock();
        try {
            return Stream.concat(running.stream().map(run -> run.status(true)),
                    waiting.stream().map(run -> run.status(false))).toList();
        } finally {
            lock.unlock();
        }
    }

    /** Tokens generated for a model so far, those of running prompts included. */
    public long numGeneratedTokens(String model) {
        lock.lock();
        try {
            return generatedTokens.getOrDefault(model, 0L) + running.stream()
                    .filter(run -> run.request().model().name().equals(model)).mapToLong(PromptRun::numTokens).sum();
        } finally {
            lock.unlock();
        }
    }

    /** Prompts of a model that run now; of all models for null. */
    public int numRunning(@Nullable String model) {
        return count(running, model);
    }

    /** Prompts of a model that wait now; of all models for null. */
    public int numWaiting(@Nullable String model) {
        return count(waiting, model);
    }

    private int count(List<PromptRun> runs, @Nullable String model) {
        lock.lock();
        try {
            return (int) runs.stream().filter(run -> model == null || run.request().model().name().equals(model))
                    .count();
        } finally {
            lock.unlock();
        }
    }
}
