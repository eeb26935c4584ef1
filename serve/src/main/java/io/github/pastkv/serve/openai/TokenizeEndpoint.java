package io.github.pastkv.serve.openai;

import io.github.pastkv.serve.http.Exchange;
import io.github.pastkv.serve.request.ApiException;
import io.github.pastkv.serve.request.RequestFields;
import io.github.pastkv.serve.request.RequestValues;
import io.github.pastkv.serve.run.ServedModel;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code POST /tokenize}, {@code /detokenize} and {@code /v1/cache/explain}: what a prompt is to a model. */
public final class TokenizeEndpoint {
    private final Models models;

    public TokenizeEndpoint(Models models) {
        this.models = models;
    }

    /** Ids of a {@code prompt}, or of {@code messages}. */
    public void tokenize(Exchange exchange) throws IOException {
        RequestFields fields = exchange.readJson();
        ServedModel model = models.of(fields);
        boolean returnsTexts = fields.booleanOr("return_token_strs", false);
        int[] ids = prompt(fields, model);
        fields.requireAllRead();
        ObjectNode answer = JsonMapper.shared().createObjectNode().put("count", ids.length)
                .put("max_model_len", model.contextLength());
        ArrayNode tokens = answer.putArray("tokens");
        for (int id : ids) {
            tokens.add(id);
        }
        if (returnsTexts) {
            ArrayNode texts = answer.putArray("token_strs");
            for (int id : ids) {
                texts.add(model.tokenizer().continuationText(id));
            }
        }
        exchange.send(200, answer);
    }

    /** The text of {@code tokens}. */
    public void detokenize(Exchange exchange) throws IOException {
        RequestFields fields = exchange.readJson();
        ServedModel model = models.of(fields);
        GenerationFields common = new GenerationFields(fields, model);
        JsonNode tokens = fields.find("tokens").orElseThrow(() -> ApiException.badField("tokens", "is missing"));
        RequestValues.requireArray("tokens", tokens, Integer.MAX_VALUE);
        int[] ids = tokens.valueStream().mapToInt(id -> common.tokenId("tokens", id)).toArray();
        fields.requireAllRead();
        exchange.send(200,
                JsonMapper.shared().createObjectNode().put("prompt", model.tokenizer().decode(ids, false)));
    }

    /** How much of a prompt would be found in the prefix cache, and why not more. */
    public void explain(Exchange exchange) throws IOException {
        RequestFields fields = exchange.readJson();
        ServedModel model = models.of(fields);
        String salt = new GenerationFields(fields, model).salt(exchange.tenant());
        int[] written = prompt(fields, model);
        int[] ids = GenerationFields.reusesGeneratedTokens(fields) ? model.generatedTokens().restore(salt, written)
                : written;
        fields.requireAllRead();
        exchange.send(200, new ExplanationJson(model).of(model.explain(salt, ids), ids));
    }

    /** The tokens of {@code prompt} or {@code messages}. */
    public static int[] prompt(RequestFields fields, ServedModel model) {
        Optional<JsonNode> messages = fields.find("messages");
        if (messages.isPresent()) {
            fields.refuseUnless("prompt", "give prompt or messages, not both");
            return ChatFields.prompt(fields, ChatFields.format(fields, model, Optional.empty()), "messages");
        }
        List<int[]> prompts = Prompts.read(fields, new GenerationFields(fields, model), model);
        if (prompts.size() != 1) {
            throw ApiException.badField("prompt", prompts.size() + " prompts, must be one");
        }
        return prompts.getFirst();
    }
}
