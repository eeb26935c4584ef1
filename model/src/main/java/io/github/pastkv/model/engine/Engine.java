package io.github.pastkv.model.engine;

import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.forward.ForwardPass;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Continuous batching: computes the steps of all sequence groups of a model in shared forward passes. The results of a
 * sequence are bit-identical to running it alone, as no bit of a forward pass depends on the other rows of the pass.
 *
 * <p>The engine has no thread. A thread that submits a step {@linkplain #run waits} until it is computed, and one of
 * the waiting threads is the leader: it computes passes over all waiting steps (flat combining, Hendler et al. 2010)
 * until its own step is done, then another thread leads. Decoding sequences soon return with their next token, so the
 * leader waits for those of the last pass, at most as long as that pass took, and not for those that were slower the
 * last time. A single thread never waits.
 *
 * <p>Safe for any number of threads.
 */
public final class Engine implements AutoCloseable {
    /** Longest time that a pass waits for sequences that were in the last one. */
    private static final long MAX_GATHER_NANOS = 20_000_000;
    /** For so long a generation between two steps counts as decoding. */
    private static final long MAX_PAUSE_NANOS = 500_000_000;

    private final PassRunner passes;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition gathered = lock.newCondition();
    private final Condition leadEnded = lock.newCondition();
    private final Scheduler scheduler;
    private final SharedPrefills prefills = new SharedPrefills(lock, this::requireMayBegin);
    private final MemoryQueue memory = new MemoryQueue(lock, this::requireOpen, prefills::wakeAll);
    private final List<Caller> expected = new ArrayList<>(); // of the last pass, not back yet
    private final Set<Caller> betweenSteps = new HashSet<>(); // generations whose next step has not come yet
    private @Nullable Thread leader;
    private long lastPassEnd;
    private long lastPassNanos;
    private long numPasses;
    private long numSteps;
    private long numTokens;
    private final long[] passesBySize = new long[Integer.SIZE]; // by the binary logarithm, rounded up
    private boolean closed;

    /**
     * An engine over a forward pass, which it takes ownership of.
     *
     * @param maxBatchTokens limit of tokens in a pass
     */
    @SuppressWarnings("exports") // created by the model only
    public Engine(ModelConfig model, ForwardPass forwardPass, int maxBatchTokens) {
        this.passes = new PassRunner(model.vocabSize(), forwardPass);
        this.scheduler = new Scheduler(maxBatchTokens);
    }

    /** What has been computed so far. */
    public EngineStats stats() {
        lock.lock();
        try {
            return new EngineStats(numPasses, numSteps, numTokens, Arrays.stream(passesBySize).boxed().toList(),
                    memory.numPreemptions(), memory.numWaiting());
        } finally {
            lock.unlock();
        }
    }

    MemoryQueue memory() {
        return memory;
    }

    SharedPrefills prefills() {
        return prefills;
    }

    Condition newCondition() {
        return lock.newCondition();
    }

    /**
     * Computes a step in shared passes with steps of other threads; the caller commits it.
     *
     * @throws CancellationException if it is canceled first; the step has no effect
     * @throws IllegalStateException when the model is closed, or from a hook of a pass of this model
     */
    void run(StepRequest request) {
        lock.lock();
        try {
            requireMayBegin();
            comeBack(request.caller);
            scheduler.add(request);
            while (!request.isDone()) {
                if (!request.isInPass()) { // else the pass still writes to its blocks
                    requireOpen();
                }
                if (leader == null && mayLead(request)) {
                    lead(request);
                } else {
                    await(request);
                }
                cancelIfAsked(request);
            }
        } finally {
            scheduler.remove(request);
            signalNextLeader();
            lock.unlock();
            if (request.wasInterrupted()) {
                Thread.currentThread().interrupt();
            }
        }
        rethrow(request);
    }

    /** Throws when the model is closed, or when this thread computes the pass under way, which would have to end. */
    private void requireMayBegin() {
        requireOpen();
        if (isLeading()) {
            throw new IllegalStateException("a step of this model is running on this thread: a hook cannot"
                    + " begin another");
        }
    }

    /** Whether this thread computes the pass under way. */
    private boolean isLeading() {
        return Thread.currentThread().equals(leader);
    }

    private static void rethrow(StepRequest request) {
        if (request.failure() instanceof Error error) {
            throw error;
        }
        if (request.failure() instanceof RuntimeException exception) {
            throw exception;
        }
        if (request.isCanceled()) {
            throw new CancellationException("the step was canceled");
        }
    }

    /** Waits until something about a request has changed. */
    @SuppressWarnings("WaitNotInLoop") // the caller loops
    private static void await(StepRequest request) {
        try {
            request.changed.await();
        } catch (InterruptedException _) {
            request.interrupt();
        }
    }

    /** Called on the request's own thread. */
    private static void cancelIfAsked(StepRequest request) {
        if (request.caller.isGenerating() && Thread.interrupted()) {
            request.interrupt();
        }
        if (request.caller.isCanceled()) {
            request.cancel();
        }
    }

    /** A step that runs alone does so on its own thread. */
    private boolean mayLead(StepRequest request) {
        StepRequest first = scheduler.first();
        return first == null || !first.runsAlone() || first == request;
    }

    /** Computes passes until {@code own} is done, or a step that runs alone is next. */
    private void lead(StepRequest own) {
        leader = Thread.currentThread();
        try {
            while (!own.isDone() && !closed && mayLead(own)) {
                gather();
                if (mayLead(own)) { // another step may have arrived meanwhile
                    step();
                    cancelIfAsked(own);
                }
            }
        } finally {
            leader = null;
            leadEnded.signalAll();
        }
    }

    /** One pass: schedule, run, postprocess. Called with the lock held; releases it while computing. */
    private void step() {
        List<StepRequest> batch = scheduler.schedule(numBetweenSteps());
        if (batch.isEmpty()) {
            return;
        }
        long start = System.nanoTime();
        Throwable failure = null;
        lock.unlock();
        try {
            passes.run(batch);
        } catch (RuntimeException | Error thrown) {
            failure = thrown;
        } finally {
            lock.lock();
        }
        lastPassEnd = System.nanoTime();
        lastPassNanos = lastPassEnd - start;
        if (failure == null) {
            scheduler.observe(batch, lastPassNanos);
        }
        postprocess(batch, failure);
    }

    /** After any outcome, no request stays in a pass. */
    private void postprocess(List<StepRequest> batch, @Nullable Throwable failure) {
        numPasses++;
        long tokensBefore = numTokens;
        for (StepRequest request : batch) {
            if (failure != null) {
                request.fail(failure);
            }
            numTokens += request.numScheduled();
            request.advance();
            if (request.isDone()) {
                numSteps++;
                scheduler.remove(request);
                request.caller.leftAt(lastPassEnd);
                if (request.caller.isGenerating()) {
                    betweenSteps.add(request.caller);
                }
                if (request.caller.comesBackSoon()) {
                    expected.add(request.caller);
                }
                request.changed.signal();
            }
        }
        passesBySize[Long.SIZE - Long.numberOfLeadingZeros(Math.max(1, numTokens - tokensBefore) - 1)]++;
    }

    /** Generations that will soon decode, though a slow thread has not brought their next step yet. */
    private int numBetweenSteps() {
        long now = System.nanoTime();
        betweenSteps.removeIf(caller -> caller.hasBeenAwayFor(MAX_PAUSE_NANOS, now));
        return betweenSteps.size();
    }

    /** Waits briefly for the next steps of the sequences in the last pass. */
    private void gather() {
        long deadline = lastPassEnd + Math.min(lastPassNanos, MAX_GATHER_NANOS);
        try {
            while (!expected.isEmpty()) {
                long left = deadline - System.nanoTime();
                if (left <= 0) {
                    expected.clear();
                } else {
                    gathered.awaitNanos(left);
                }
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt(); // the flag is checked after the pass
            expected.clear();
        }
    }

    private void comeBack(Caller caller) {
        betweenSteps.remove(caller);
        caller.backAt(System.nanoTime(), Math.min(lastPassNanos, MAX_GATHER_NANOS));
        expectNoMore(caller);
    }

    /** No pass need wait for {@code caller} any more. */
    private void expectNoMore(Caller caller) {
        if (expected.remove(caller) && expected.isEmpty()) {
            gathered.signal();
        }
    }

    private void signalNextLeader() {
        StepRequest first = scheduler.first();
        if (leader == null && first != null) {
            first.changed.signal();
        }
    }

    /** Tells the engine that a caller has no next step. */
    void leave(Caller caller) {
        lock.lock();
        try {
            betweenSteps.remove(caller);
            expectNoMore(caller);
        } finally {
            lock.unlock();
        }
    }

    /** Wakes all threads that wait, so that each sees whether it was canceled. */
    void wakeAll() {
        lock.lock();
        try {
            scheduler.wakeAll();
            memory.wakeAll();
            prefills.wakeAll();
        } finally {
            lock.unlock();
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the model is closed");
        }
    }

    /** Waits for the current pass, then frees everything; waiting steps fail. */
    @Override
    public void close() {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            if (isLeading()) {
                throw new IllegalStateException("a step of this model is being computed on this thread: a hook cannot"
                        + " close the model");
            }
            closed = true;
            scheduler.wakeAll();
            memory.wakeAll();
            prefills.wakeAll();
            while (leader != null) {
                leadEnded.awaitUninterruptibly();
            }
            passes.close();
        } finally {
            lock.unlock();
        }
    }
}
