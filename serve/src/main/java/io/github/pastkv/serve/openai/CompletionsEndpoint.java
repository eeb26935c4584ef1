package io.github.pastkv.serve.openai;

import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.serve.http.Endpoint;
import io.github.pastkv.serve.http.Exchange;
import io.github.pastkv.serve.request.ApiException;
import io.github.pastkv.serve.request.RequestFields;
import io.github.pastkv.serve.run.RunRequest;
import io.github.pastkv.serve.run.ServedModel;
import java.io.IOException;
import java.util.List;
import java.util.OptionalInt;
import java.util.UUID;

/** {@code POST /v1/completions}. */
public final class CompletionsEndpoint implements Endpoint {
    private static final int DEFAULT_MAX_TOKENS = 16; // OpenAI's

    private final Models models;
    private final Answers answers;

    public CompletionsEndpoint(Models models, Answers answers) {
        this.models = models;
        this.answers = answers;
    }

    @Override
    public void handle(Exchange exchange) throws IOException {
        RequestFields fields = exchange.readJson();
        ServedModel model = models.of(fields);
        GenerationFields common = new GenerationFields(fields, model);
        GenerationOptions options = common.options(null);
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
        String salt = common.salt(exchange.tenant());
        fields.refuseUnless("suffix", "filling in the middle is not supported", "");
        common.refuseOthers();

        int longest = prompts.stream().mapToInt(prompt -> prompt.length).max().orElseThrow();
        int numNew = common.maxTokens("prompt", longest, maxTokens, DEFAULT_MAX_TOKENS, options.numReturnSequences());
        RunRequest request = new RunRequest(model, prompts, options.withMaxNewTokens(numNew).withNumLogProbabilities(
                numLogProbabilities.orElse(GenerationOptions.NO_LOG_PROBABILITIES)), exchange.tenant(), salt, false,
                numPromptScores, stream.streams() ? null : exchange.timeout());
        AnswerOptions answer = new AnswerOptions(request, "cmpl-" + UUID.randomUUID(),
                System.currentTimeMillis() / 1000, numLogProbabilities.isPresent(), hasTokenIds, echoes,
                stream.includesUsage());
        CompletionAnswerJson json = new CompletionAnswerJson(answer, scoresPrompts);
        if (stream.streams()) {
            answers.stream(exchange, request, new ChunkFormat(json, answer));
        } else {
            answers.sendWhole(exchange, request, json);
        }
    }

    private static void refuseStream(GenerationFields.StreamOptions stream, String what) {
        if (stream.streams()) {
            throw ApiException.badField("stream", what + " is not supported with stream: true");
        }
    }
}
