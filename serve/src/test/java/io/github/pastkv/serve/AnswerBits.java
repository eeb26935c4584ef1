package io.github.pastkv.serve;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Texts, tokens, log-probabilities and ends of an answer's choices: of a whole answer, or of the chunks of a stream.
 */
final class AnswerBits {
    private final Map<Integer, Choice> choices = new TreeMap<>();
    private JsonNode promptLogProbabilities = JsonMapper.shared().nullNode();

    private record Choice(StringBuilder text, List<Integer> tokenIds, List<JsonNode> logProbabilities,
            StringBuilder finishReason) {
        Choice() {
            this(new StringBuilder(), new ArrayList<>(), new ArrayList<>(), new StringBuilder());
        }

        boolean isPrefixOf(Choice other) {
            return other.text.toString().startsWith(text.toString()) && isPrefix(tokenIds, other.tokenIds)
                    && isPrefix(logProbabilities, other.logProbabilities)
                    && (finishReason.isEmpty() || toString().equals(other.toString()));
        }

        private static boolean isPrefix(List<?> list, List<?> other) {
            return list.size() <= other.size() && list.equals(other.subList(0, list.size()));
        }
    }

    static AnswerBits of(JsonNode answer) {
        AnswerBits bits = new AnswerBits();
        bits.add(answer);
        return bits;
    }

    /** Adds a whole answer, or the next chunk. */
    void add(JsonNode answer) {
        if (answer.has("prompt_logprobs")) {
            promptLogProbabilities = answer.path("prompt_logprobs");
        }
        for (JsonNode json : answer.path("choices").values()) {
            Choice choice = choices.computeIfAbsent(json.path("index").intValue(), _ -> new Choice());
            choice.text.append(json.path("text").asString("")).append(json.path("message").path("content").asString(""))
                    .append(json.path("delta").path("content").asString(""));
            json.path("token_ids").values().forEach(id -> choice.tokenIds.add(id.intValue()));
            addLogProbabilities(choice, json.path("logprobs"));
            choice.finishReason.append(json.path("finish_reason").asString(""));
            if (json.has("prompt_logprobs")) {
                promptLogProbabilities = json.path("prompt_logprobs");
            }
        }
    }

    private static void addLogProbabilities(Choice choice, JsonNode json) {
        json.path("content").values().forEach(choice.logProbabilities::add);
        for (int i = 0; i < json.path("tokens").size(); i++) {
            choice.logProbabilities.add(JsonMapper.shared().createArrayNode().add(json.path("tokens").get(i))
                    .add(json.path("token_logprobs").get(i)).add(json.path("top_logprobs").get(i)));
        }
    }

    /** Whether all of this is the beginning of {@code other}. */
    boolean isPrefixOf(AnswerBits other) {
        return choices.entrySet().stream().allMatch(each -> other.choices.containsKey(each.getKey())
                && each.getValue().isPrefixOf(other.choices.get(each.getKey())));
    }

    int numTokens() {
        return choices.values().stream().mapToInt(choice -> choice.tokenIds.size()).sum();
    }

    @Override
    public String toString() {
        return choices + " " + promptLogProbabilities;
    }
}
