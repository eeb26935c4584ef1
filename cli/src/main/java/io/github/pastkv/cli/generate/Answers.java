package io.github.pastkv.cli.generate;

import io.github.pastkv.model.generation.BeamHypothesis;
import io.github.pastkv.model.generation.FinishReason;
import io.github.pastkv.model.generation.GeneratedRow;
import io.github.pastkv.model.generation.Generation;
import io.github.pastkv.model.generation.TokenLogProbability;
import io.github.pastkv.model.tokenizer.StreamingDecoder;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The answers to one prompt and what they cost.
 *
 * @param answers best first where they were searched, else by index; at least one
 * @param timing null where beams were searched
 * @param nanos of all of it
 */
record Answers(List<Answer> answers, int numPromptTokens, @Nullable Generation timing, long nanos) {
    /**
     * One answer.
     *
     * @param score of a beam, null otherwise
     * @param logProbabilities of each token; null where none were asked for
     */
    record Answer(List<Integer> tokenIds, String text, FinishReason reason, @Nullable Double score,
            @Nullable List<TokenLogProbability> logProbabilities) {}

    static Answers of(Generation generation) {
        return new Answers(generation.rows().stream().map(Answers::answer).toList(), generation.numPromptTokens(),
                generation, generation.promptNanos() + generation.decodeNanos());
    }

    private static Answer answer(GeneratedRow row) {
        return new Answer(row.tokenIds(), row.text(), row.reason(), null,
                row.logProbabilities().isEmpty() && !row.tokenIds().isEmpty() ? null : row.logProbabilities());
    }

    /** The best {@code limit} of a search. */
    static Answers of(List<BeamHypothesis> found, int limit, @Nullable TextTokenizer tokenizer, int[] promptIds,
            long nanos) {
        return new Answers(found.stream().limit(limit).map(beam -> answer(beam, tokenizer, promptIds)).toList(),
                promptIds.length,
                null, nanos);
    }

    private static Answer answer(BeamHypothesis beam, @Nullable TextTokenizer tokenizer, int[] promptIds) {
        String text =
                tokenizer == null ? "" : decode(beam.tokenIds(), tokenizer.streamingDecoderAfter(promptIds, true));
        return new Answer(beam.tokenIds(), text, beam.reason(), beam.score(), null);
    }

    /** As the text of a stream, so that an answer reads the same however it was found. */
    private static String decode(List<Integer> tokenIds, StreamingDecoder decoder) {
        StringBuilder text = new StringBuilder();
        tokenIds.forEach(tokenId -> text.append(decoder.next(tokenId)));
        return text.append(decoder.finish()).toString();
    }

    Answer first() {
        return answers.getFirst();
    }

    int numNewTokens() {
        return answers.stream().mapToInt(answer -> answer.tokenIds().size()).sum();
    }
}
