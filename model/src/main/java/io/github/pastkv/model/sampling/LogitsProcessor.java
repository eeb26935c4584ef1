package io.github.pastkv.model.sampling;

/**
 * Changes the logits of a sequence before its next token is chosen: penalties, biases, masks. Processors run in the
 * order of a chain, before temperature and the truncations (top-k, top-p, min-p, typical-p).
 *
 * <p>The result must be a function of the arguments, so that a sequence that is recomputed or drafted gets the same
 * tokens. One processor may serve several sequences; each call is for one thread.
 */
@FunctionalInterface
public interface LogitsProcessor {
    /**
     * Changes logits in place.
     *
     * @param logits {@code [V]}; minus infinity for tokens that must not be chosen
     * @param history the ids of the sequence so far
     */
    void process(double[] logits, TokenHistory history);
}
