package io.github.pastkv.serve.openai;

import io.github.pastkv.model.generation.TokenLogProbability;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import io.github.pastkv.serve.run.RunEvent;
import java.nio.charset.StandardCharsets;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Log-probabilities in the forms of the chat and the completions endpoint, and of vLLM for prompts. */
record LogProbabilityJson(TextTokenizer tokenizer) {
    private static final char REPLACEMENT = '\uFFFD';

    /** {@code logprobs} of a chat's choice. */
    ObjectNode chat(List<TokenLogProbability> tokens) {
        ObjectNode json = JsonMapper.shared().createObjectNode();
        ArrayNode content = json.putArray("content");
        for (TokenLogProbability token : tokens) {
            ArrayNode best = content.add(chatToken(token)).get(content.size() - 1).withArray("top_logprobs");
            token.best().forEach(each -> best.add(chatToken(each)));
        }
        json.putNull("refusal");
        return json;
    }

    private ObjectNode chatToken(TokenLogProbability token) {
        String text = tokenizer.continuationText(token.tokenId());
        ObjectNode json = JsonMapper.shared().createObjectNode().put("token", text)
                .put("logprob", token.logProbability());
        if (text.indexOf(REPLACEMENT) >= 0) { // part of a character, whose bytes are not known
            return json.putNull("bytes");
        }
        ArrayNode bytes = json.putArray("bytes");
        for (byte each : text.getBytes(StandardCharsets.UTF_8)) {
            bytes.add(each & 0xFF);
        }
        return json;
    }

    /** {@code logprobs} of a completion's choice, to be filled. */
    ObjectNode completion() {
        ObjectNode json = JsonMapper.shared().createObjectNode();
        json.putArray("tokens");
        json.putArray("token_logprobs");
        json.putArray("top_logprobs");
        json.putArray("text_offset");
        return json;
    }

    /**
     * Adds a token to {@link #completion()}.
     *
     * @param textOffset characters of the choice's text before the token
     * @return characters of the text after it
     */
    int addTo(ObjectNode completion, TokenLogProbability token, int textOffset) {
        String text = tokenizer.continuationText(token.tokenId());
        completion.withArray("tokens").add(text);
        completion.withArray("text_offset").add(textOffset);
        ArrayNode own = completion.withArray("token_logprobs");
        ArrayNode top = completion.withArray("top_logprobs");
        if (Double.isNaN(token.logProbability())) { // the first token of a prompt
            own.addNull();
            top.addNull();
        } else {
            own.add(token.logProbability());
            ObjectNode best = top.addObject();
            token.best().forEach(each -> best.put(tokenizer.continuationText(each.tokenId()), each.logProbability()));
        }
        return textOffset + text.length();
    }

    /** vLLM's {@code prompt_logprobs}: null for the first token, then an object by token id. */
    ArrayNode prompt(List<RunEvent.ScoredToken> scores) {
        ArrayNode list = JsonMapper.shared().createArrayNode().addNull();
        for (RunEvent.ScoredToken score : scores) {
            ObjectNode byId = list.addObject();
            add(byId, score.logProbability(), score.rank());
            for (int i = 0; i < score.logProbability().best().size(); i++) {
                add(byId, score.logProbability().best().get(i), i + 1);
            }
        }
        return list;
    }

    private void add(ObjectNode byId, TokenLogProbability token, int rank) {
        byId.putObject(String.valueOf(token.tokenId())).put("logprob", token.logProbability()).put("rank", rank)
                .put("decoded_token", tokenizer.continuationText(token.tokenId()));
    }
}
