package io.github.pastkv.serve.openai;

import io.github.pastkv.chat.ChatFormat;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.serve.request.Client;
import io.github.pastkv.serve.request.RequestFields;
import io.github.pastkv.serve.run.RunRequest;
import io.github.pastkv.serve.run.ServedModel;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import tools.jackson.databind.node.ObjectNode;

/**
 * A request to continue a conversation, as read from the fields of the chat endpoint. Interfaces that are translated
 * to it write those fields.
 *
 * @param run what is generated
 * @param includesUsage whether a stream ends with the usage
 * @param hasTokenIds whether the answer holds the ids of prompt and answer
 */
public record ChatRequest(RunRequest run, boolean streams, boolean includesUsage, boolean hasTokenIds) {
    /** Reads all fields, and refuses by name those that are not supported. */
    public static ChatRequest read(RequestFields fields, Client client, Models models) {
        return read(fields, client, models, "messages");
    }

    /** Reads the fields of another interface, in which the prompt is called {@code promptName}. */
    public static ChatRequest read(RequestFields fields, Client client, Models models, String promptName) {
        ServedModel model = models.of(fields);
        GenerationFields common = new GenerationFields(fields, model);
        Optional<GrammarFields.AnswerGrammar> text = new GrammarFields(fields, model).read();
        ChatFormat format = ChatFields.format(fields, model, text);
        GenerationOptions options = common.options(format, text);
        GenerationFields.StreamOptions stream = common.stream();
        int numLogProbabilities = ChatFields.logProbabilities(fields);
        int numPromptScores = common.promptLogProbabilities(stream.streams());
        boolean hasTokenIds = fields.booleanOr("return_token_ids", false);
        String salt = common.salt(client.tenant());
        int[] written = ChatFields.prompt(fields, format, promptName);
        boolean keepsTokens = client.sendsAnswersBack() && GenerationFields.reusesGeneratedTokens(fields);
        int[] prompt = keepsTokens ? model.generatedTokens().restore(salt, written) : written;
        OptionalInt maxTokens = ChatFields.maxTokens(fields);
        ChatFields.refuseOthers(fields);
        common.refuseOthers();

        int numNew = common.maxTokens(promptName, prompt.length, maxTokens, Integer.MAX_VALUE,
                options.numReturnSequences());
        RunRequest run = new RunRequest(model, List.of(prompt),
                options.withMaxNewTokens(numNew).withNumLogProbabilities(numLogProbabilities), client.tenant(), salt,
                format, keepsTokens, numPromptScores, stream.streams() ? null : client.timeout());
        return new ChatRequest(run, stream.streams(), stream.includesUsage(), hasTokenIds);
    }

    /** Whether the answer holds log-probabilities of its tokens. */
    public boolean hasLogProbabilities() {
        return run.options().numLogProbabilities() != GenerationOptions.NO_LOG_PROBABILITIES;
    }

    /** The JSON of an answer that is made whole. */
    public WholeAnswer.Format format() {
        return new ChatAnswerJson(answer());
    }

    AnswerOptions answer() {
        return AnswerOptions.of(run, "chatcmpl-", hasLogProbabilities(), hasTokenIds, false, includesUsage);
    }

    /** Log-probabilities of a choice's tokens, in the form of the chat endpoint. */
    public ObjectNode logProbabilities(AnswerChoice choice) {
        return new LogProbabilityJson(run.model().tokenizer()).chat(choice.tokens());
    }
}
