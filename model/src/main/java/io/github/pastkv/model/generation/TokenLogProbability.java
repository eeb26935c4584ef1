package io.github.pastkv.model.generation;

import java.util.List;

/**
 * How probable a generated token was, of the model's own logits before any processor, temperature or truncation.
 *
 * @param tokenId the token that was chosen; a stop token is not part of a result
 * @param logProbability its log-probability, natural
 * @param best the most probable tokens at its place, best first, each without its own {@code best}
 */
public record TokenLogProbability(int tokenId, double logProbability, List<TokenLogProbability> best) {
    public TokenLogProbability {
        best = List.copyOf(best);
    }
}
