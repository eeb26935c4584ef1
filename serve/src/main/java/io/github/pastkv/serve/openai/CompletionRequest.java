package io.github.pastkv.serve.openai;

import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.serve.request.ApiException;
import io.github.pastkv.serve.request.Client;
import io.github.pastkv.serve.request.RequestFields;
import io.github.pastkv.serve.run.RunRequest;
import io.github.pastkv.serve.run.ServedModel;
import java.util.List;
import java.util.OptionalInt;

/**
 * A request to continue texts, as read from the fields of the completions endpoint.
 *
 * @param answer what is generated, and what the answer holds beside its text
 * @param streams whether the answer is sent as it comes
 * @param scoresPrompts whether {@code prompt_logprobs} are asked for
 */
public record CompletionRequest(AnswerOptions answer, boolean streams, boolean scoresPrompts) {
    private static final int DEFAULT_MAX_TOKENS = 16; // OpenAI's

    /** Reads all fields, and refuses by name those that are not supported. */
    public static CompletionRequest read(RequestFields fields, Client client, Models models) {
        ServedModel model = models.of(fields);
        GenerationFields common = new GenerationFields(fields, model);
        GenerationOptions options = common.options();
        GenerationFields.StreamOptions stream = common.stream();
        OptionalInt numLogProbabilities = fields.findInt("logprobs", 0, GenerationFields.MAX_LOG_PROBABILITIES);
        boolean echoes = fields.booleanOr("echo", false);
        int numPromptScores = common.promptLogProbabilities(stream.streams());
        boolean scoresPrompts = numPromptScores >= 0;
        if (echoes && numLogProbabilities.isPresent()) {
            refuseStream(stream, "logprobs with echo");
            numPromptScores = Math.max(numPromptScores, numLogProbabilities.getAsInt());
        }
        List<int[]> prompts = Prompts.read(fields, common, model);
        OptionalInt maxTokens = fields.findInt("max_tokens", 0, Integer.MAX_VALUE);
        boolean hasTokenIds = fields.booleanOr("return_token_ids", false);
        String salt = common.salt(client.tenant());
        fields.refuseUnless("suffix", "filling in the middle is not supported", "");
        common.refuseOthers();

        int longest = prompts.stream().mapToInt(prompt -> prompt.length).max().orElseThrow();
        int numNew = common.maxTokens("prompt", longest, maxTokens, DEFAULT_MAX_TOKENS, options.numReturnSequences());
        RunRequest run = new RunRequest(model, prompts, options.withMaxNewTokens(numNew).withNumLogProbabilities(
                numLogProbabilities.orElse(GenerationOptions.NO_LOG_PROBABILITIES)), client.tenant(), salt, null, false,
                numPromptScores, stream.streams() ? null : client.timeout());
        return new CompletionRequest(AnswerOptions.of(run, "cmpl-", numLogProbabilities.isPresent(), hasTokenIds,
                echoes, stream.includesUsage()), stream.streams(), scoresPrompts);
    }

    private static void refuseStream(GenerationFields.StreamOptions stream, String what) {
        if (stream.streams()) {
            throw ApiException.badField("stream", what + " is not supported with stream: true");
        }
    }

    /** What is generated. */
    public RunRequest run() {
        return answer.request();
    }

    /** The JSON of an answer that is made whole. */
    public WholeAnswer.Format format() {
        return json();
    }

    AnswerJson json() {
        return new CompletionAnswerJson(answer, scoresPrompts);
    }
}
