package io.github.pastkv.cli;

import io.github.pastkv.model.generation.GeneratedRow;
import io.github.pastkv.model.generation.Generation;
import io.github.pastkv.model.sampling.SamplingOptions;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a generation came to, as a line for people and as JSON.
 *
 * @param prompt the text, or null where ids were given
 * @param hasText whether the model has a tokenizer, so that the result has a text
 */
record GenerationReport(Generation generation, @Nullable String prompt, boolean hasText, SamplingOptions sampling,
        Setting setting) {
    /**
     * What the numbers belong to.
     *
     * @param model its name
     * @param kernels their name, such as {@code vector (512 bit)}
     */
    record Setting(String model, String kvType, long cacheBytes, String compute, String kernels) {}

    private GeneratedRow row() {
        return generation.rows().getFirst();
    }

    private double millisToFirstToken() {
        return generation.promptNanos() / 1e6;
    }

    private String finishReason() {
        return row().reason().name().toLowerCase(Locale.ROOT);
    }

    private String end() {
        return switch (row().reason()) {
            case LENGTH -> "length";
            case STOP_TOKEN -> "stop token";
            case STOP_STRING -> "stop string";
            case CANCELLED -> "interruption";
        };
    }

    /** One line. */
    String line() {
        return String.format(Locale.ROOT,
                "%s, first token after %.0f ms, prompt %.1f tok/s, decode %.1f tok/s (%s), cache %s %s, "
                        + "compute %s on %s, ended by %s",
                count(generation.numPromptTokens(), "prompt token"), millisToFirstToken(),
                generation.promptTokensPerSecond(), generation.decodeTokensPerSecond(),
                count(row().tokenIds().size(), "new token"), new ByteSize(setting.cacheBytes()), setting.kvType(),
                setting.compute(), setting.kernels(), end());
    }

    private static String count(int number, String noun) {
        return number + " " + noun + (number == 1 ? "" : "s");
    }

    /** One object, its keys always in this order. */
    ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("model", setting.model());
        json.put("prompt", prompt);
        json.put("prompt_tokens", generation.numPromptTokens());
        ArrayNode tokens = json.putArray("tokens");
        row().tokenIds().forEach(tokens::add);
        json.put("text", hasText ? row().text() : null);
        json.put("finish_reason", finishReason());
        json.put("time_to_first_token_ms", rounded(millisToFirstToken()));
        json.put("prompt_tokens_per_second", rounded(generation.promptTokensPerSecond()));
        json.put("decode_tokens_per_second", rounded(generation.decodeTokensPerSecond()));
        json.put("cache_bytes", setting.cacheBytes());
        json.put("kv_type", setting.kvType());
        json.put("compute", setting.compute());
        json.put("kernels", setting.kernels());
        json.put("temperature", sampling.temperature());
        json.put("top_k", sampling.topK());
        json.put("top_p", sampling.topP());
        json.put("repetition_penalty", sampling.repetitionPenalty());
        json.put("seed", sampling.seed());
        return json;
    }

    private static double rounded(double number) {
        return Math.round(number * 1000) / 1000.0;
    }
}
