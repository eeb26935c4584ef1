package io.github.pastkv.model.generation;

import java.util.List;

/**
 * A completion found by beam search.
 *
 * @param tokenIds its tokens, without the stop token
 * @param sumLogProbability sum of the tokens' log-probabilities, natural, that of the stop token included
 * @param score the sum divided by length^penalty, the stop token counted
 * @param reason why it ended
 */
public record BeamHypothesis(List<Integer> tokenIds, double sumLogProbability, double score, FinishReason reason) {
    public BeamHypothesis {
        tokenIds = List.copyOf(tokenIds);
    }
}
