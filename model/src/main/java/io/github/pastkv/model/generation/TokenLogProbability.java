package io.github.pastkv.model.generation;

import java.util.List;

/**
 * The log-probability of a generated token, from the model's logits before any processor, temperature or truncation.
 *
 * @param tokenId the token that was chosen; a stop token is not part of a result
 * @param logProbability its log-probability, natural
 * @param best the most probable tokens at its position, best first, each with an empty {@code best}
 */
public record TokenLogProbability(int tokenId, double logProbability, List<TokenLogProbability> best) {
    public TokenLogProbability {
        best = List.copyOf(best);
    }
}
