package io.github.pastkv.lens.patching;

import io.github.pastkv.lens.CachedRun;
import io.github.pastkv.lens.Capture;
import io.github.pastkv.lens.Lens;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.engine.StepInput;
import io.github.pastkv.model.hooks.HookFilter;
import io.github.pastkv.model.hooks.HookName;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.tensor.Tensor;

/**
 * The unpatched run of the base prompt, computed once: its frozen keys and values, the residual stream before each
 * layer from the first position that a patch can change, and the logits of its last token. Owns its memory until
 * {@link #close}.
 */
final class UnpatchedRun implements AutoCloseable {
    private final int from;
    private final int numTokens;
    private final Session session;
    private final CachedRun run;

    UnpatchedRun(Lens lens, int[] tokenIds, int from, SessionOptions options) {
        this.from = from;
        this.numTokens = tokenIds.length;
        this.session = lens.model().newSession(options);
        Capture streams = Capture.of(HookFilter.where(name -> name.point() == HookPoint.RESID_PRE))
                .withSlots(new Capture.Range(from, Capture.Range.TO_END));
        try {
            this.run = lens.runWithCache(session, StepInput.tokens(tokenIds), streams);
            session.freeze();
        } catch (RuntimeException e) {
            session.close();
            throw e;
        }
    }

    /** The first position that a patch can change. */
    int from() {
        return from;
    }

    /** Tokens of the prompt, T. */
    int numTokens() {
        return numTokens;
    }

    /** Frozen, one row, the whole prompt. */
    Session session() {
        return session;
    }

    /** The stream before a layer, {@code [1, T - from, E]}. */
    Tensor residualBefore(int layer) {
        return run.activations().get(HookName.of(HookPoint.RESID_PRE, layer));
    }

    /** Logits behind the last token, {@code [V]}. */
    float[] lastLogits() {
        return run.run().lastLogits().toFloatArray();
    }

    @Override
    public void close() {
        run.close();
        session.close();
    }
}
