package io.github.pastkv.spark;

import io.github.pastkv.cache.PoolExhaustedException;
import io.github.pastkv.lens.Lens;
import io.github.pastkv.lens.LensRun;
import io.github.pastkv.lens.Losses;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.engine.StepInput;
import java.util.Arrays;
import java.util.concurrent.CancellationException;

/**
 * Scores texts: the sum of the log-probabilities of all tokens but the first, each given those before it. Goes depth
 * first through the prefix tree of its prompts: it rewinds to where a prompt leaves the one before, and keeps the
 * losses of the tokens that both share. For one thread; {@link #cancel} is for any.
 */
final class ScoreRunner implements PromptRunner {
    private static final int PIECE_TOKENS = 256; // bounds the logits in memory

    private final String identity;
    private final Session session;
    private final Lens lens;
    private int[] previous = {}; // the tokens of the session
    private double[] losses = {}; // of each token of the previous prompt; that of the first is 0
    private volatile boolean canceled;

    ScoreRunner(ExecutorModels.Lease lease, PastKvOptions options) {
        this.identity = lease.identity();
        this.session = lease.model().newSession(options.toSessionOptions());
        this.lens = new Lens(lease.model());
    }

    @Override
    public RowResult run(int[] ids) throws BadRowException {
        if (ids.length < 2) {
            throw new BadRowException("prompt: has " + ids.length + " token, two are needed to predict one");
        }
        int numShared = PrefixSegments.numShared(previous, ids);
        int numComputed = 0;
        if (numShared < ids.length) {
            int from = rewindTo(Math.max(0, numShared - 1)); // whose logits predict the first token that differs
            compute(ids, from);
            numComputed = ids.length - from;
        }
        return result(ids, numComputed);
    }

    /** Drops the tokens from {@code kept} on, or all, where the model's windows allow no rewind. */
    private int rewindTo(int kept) {
        int numDropped = session.numTokens(0) - kept;
        if (numDropped == 0 || session.canRewind(numDropped)) {
            session.rewind(numDropped);
            return kept;
        }
        session.reset();
        return 0;
    }

    private void compute(int[] ids, int from) throws BadRowException {
        double[] known = losses;
        previous = Arrays.copyOf(previous, from); // what holds if this fails
        losses = Arrays.copyOf(known, ids.length);
        LensRun before = null;
        try {
            for (int at = from; at < ids.length; at += PIECE_TOKENS) {
                requireRunning();
                int to = Math.min(at + PIECE_TOKENS, ids.length);
                LensRun run = lens.run(session, StepInput.tokens(Arrays.copyOfRange(ids, at, to)));
                int first = before == null ? at + 1 : at;
                Losses own = before == null ? run.losses() : run.lossesAfter(before);
                for (int token = first; token < to; token++) {
                    losses[token] = own.perToken().get(0, token - first);
                }
                before = run;
                previous = Arrays.copyOf(ids, to);
            }
        } catch (PoolExhaustedException | IllegalArgumentException e) {
            throw new BadRowException("prompt: " + e.getMessage());
        }
    }

    private void requireRunning() {
        if (canceled) {
            throw new CancellationException("the task has ended");
        }
    }

    private RowResult result(int[] ids, int numComputed) {
        ResultDigest digest = new ResultDigest(identity).ids(ids);
        double sum = 0;
        for (int token = 1; token < ids.length; token++) {
            sum -= losses[token];
            digest.number(losses[token]);
        }
        return new RowResult(sum, ids.length - 1, null, digest.hex(), numComputed, ids.length - numComputed, 0);
    }

    @Override
    public int maxTokens() {
        return session.maxSeqLen();
    }

    @Override
    public void cancel() {
        canceled = true;
    }

    @Override
    public void close() {
        session.close();
    }
}
