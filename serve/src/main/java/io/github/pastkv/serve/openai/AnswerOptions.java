package io.github.pastkv.serve.openai;

import io.github.pastkv.serve.run.RunRequest;
import java.util.UUID;

/**
 * What an answer holds, beside its text.
 *
 * @param request what is generated
 * @param id of the answer
 * @param createdSeconds when it was asked for, in seconds since 1970
 * @param hasLogProbabilities whether it holds those of its tokens
 * @param hasTokenIds whether it holds the ids of prompt and answer
 * @param echoes whether a choice's text begins with its prompt
 * @param includesUsage whether a stream ends with the usage
 */
public record AnswerOptions(RunRequest request, String id, long createdSeconds, boolean hasLogProbabilities,
        boolean hasTokenIds, boolean echoes, boolean includesUsage) {
    /** Those of a new answer, whose id begins with {@code idPrefix}. */
    static AnswerOptions of(RunRequest request, String idPrefix, boolean hasLogProbabilities, boolean hasTokenIds,
            boolean echoes, boolean includesUsage) {
        return new AnswerOptions(request, idPrefix + UUID.randomUUID(), System.currentTimeMillis() / 1000,
                hasLogProbabilities, hasTokenIds, echoes, includesUsage);
    }
}
