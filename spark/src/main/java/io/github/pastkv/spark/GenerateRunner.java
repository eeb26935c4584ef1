package io.github.pastkv.spark;

import io.github.pastkv.cache.PoolExhaustedException;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.generation.Cancellation;
import io.github.pastkv.model.generation.FinishReason;
import io.github.pastkv.model.generation.GeneratedRow;
import io.github.pastkv.model.generation.Generation;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.generation.TokenLogProbability;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Generates a text for each prompt, on a session of its own over the model's prefix index. Safe for any number of
 * threads, whose steps share forward passes.
 */
final class GenerateRunner implements PromptRunner {
    private final Model model;
    private final String identity;
    private final SessionOptions sessions;
    private final GenerationOptions options;
    private final int maxTokens;
    private final Set<Cancellation> running = ConcurrentHashMap.newKeySet();
    private volatile boolean canceled;

    /** Fails at once for session options that the model does not have. */
    GenerateRunner(ExecutorModels.Lease lease, PastKvOptions options) {
        this.model = lease.model();
        this.identity = lease.identity();
        this.sessions = options.toSessionOptions();
        this.options = options.toGenerationOptions();
        try (Session session = model.newSession(sessions)) {
            this.maxTokens = session.maxSeqLen();
        }
    }

    @Override
    public RowResult run(int[] ids) throws BadRowException {
        Cancellation cancellation = new Cancellation();
        running.add(cancellation);
        try (Session session = model.newSession(sessions)) {
            if (canceled) { // after adding, so that either side sees the other
                throw new CancellationException("the task has ended");
            }
            return result(ids, session.generate(new int[][] {ids}, options.withCancellation(cancellation),
                    GenerationListener.NONE));
        } catch (PoolExhaustedException | IllegalArgumentException e) {
            throw new BadRowException("prompt: " + e.getMessage());
        } finally {
            running.remove(cancellation);
        }
    }

    private RowResult result(int[] ids, Generation generation) {
        GeneratedRow row = generation.rows().getFirst();
        if (row.reason() == FinishReason.CANCELED) {
            throw new CancellationException("the task has ended");
        }
        int[] newIds = row.tokenIds().stream().mapToInt(Integer::intValue).toArray();
        ResultDigest digest = new ResultDigest(identity).ids(ids).ids(newIds);
        for (TokenLogProbability token : row.logProbabilities()) {
            digest.number(token.logProbability());
        }
        long numReused = generation.numReusedTokens();
        return new RowResult(row.text(), row.reason().name().toLowerCase(Locale.ROOT), null, digest.hex(),
                generation.numPromptTokens() - numReused, numReused, newIds.length);
    }

    @Override
    public int maxTokens() {
        return maxTokens;
    }

    @Override
    public void cancel() {
        canceled = true;
        running.forEach(Cancellation::cancel);
    }

    @Override
    public void close() {
        cancel();
    }
}
