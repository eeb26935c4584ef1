package io.github.pastkv.cli.generate;

import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.cli.generate.Answers.Answer;
import io.github.pastkv.cli.io.ByteSize;
import io.github.pastkv.cli.options.TierMixin;
import io.github.pastkv.model.generation.Generation;
import io.github.pastkv.model.generation.TokenLogProbability;
import io.github.pastkv.model.sampling.SamplingOptions;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import io.github.pastkv.store.TierUse;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a generation came to, as a line for people and as JSON.
 *
 * @param prompt the text, or null where ids were given
 * @param tokenizer of the model; null where it has none, so that nothing has a text
 */
record GenerationReport(Answers answers, @Nullable String prompt, @Nullable TextTokenizer tokenizer,
        SamplingOptions sampling, Setting setting) {
    /**
     * What the numbers belong to.
     *
     * @param model its name
     * @param window what tokens see at most, beside the model's own windows
     * @param maxNewTokens the limit of an answer
     * @param kernels their name, such as {@code vector (512 bit)}
     * @param tiers what the cache tiers did
     */
    record Setting(String model, String kvType, KvWindow window, int maxNewTokens, long cacheBytes, String compute,
            String kernels, List<TierUse> tiers) {}

    /** Which limit was met is what a user can change. */
    private String end(Answer answer) {
        return switch (answer.reason()) {
            case LENGTH -> "--max-new-tokens " + setting.maxNewTokens();
            case CONTEXT_FULL -> "a full context";
            case STOP_TOKEN -> "stop token";
            case STOP_STRING -> "stop string";
            case CANCELED -> "interruption";
        };
    }

    /** One line. */
    String line() {
        return String.format(Locale.ROOT, "%s, %s, cache %s, compute %s on %s, ended by %s",
                promptTokens(), timing(), cache(), setting.compute(),
                setting.kernels(), ends());
    }

    /** A search leaves nothing in the cache. */
    private String cache() {
        String window = setting.window().isBounded() ? ", " + setting.window() : "";
        return answers.timing() == null
                ? setting.kvType() + window
                : new ByteSize(setting.cacheBytes()) + " " + setting.kvType() + window;
    }

    private String timing() {
        Generation timing = answers.timing();
        if (timing == null) {
            return String.format(Locale.ROOT, "beam search %.0f ms (best answer: %s, score %.3f)",
                    answers.nanos() / 1e6, count(answers.first().tokenIds().size(), "new token"),
                    answers.first().score());
        }
        return String.format(Locale.ROOT, "first token after %.0f ms, prompt %.1f tok/s, decode %.1f tok/s (%s%s)",
                timing.promptNanos() / 1e6, timing.promptTokensPerSecond(), timing.decodeTokensPerSecond(),
                count(answers.numNewTokens(), "new token"), guessed(timing));
    }

    private static String guessed(Generation timing) {
        return timing.numDraftedTokens() == 0 ? "" : ", " + timing.numDraftedTokens() + " of them from accepted drafts";
    }

    /** Why the answers ended, each reason once. */
    private String ends() {
        return answers.answers().stream().map(this::end).distinct()
                .collect(Collectors.joining(" and "));
    }

    private String promptTokens() {
        String all = count(answers.numPromptTokens(), "prompt token");
        Generation timing = answers.timing();
        return timing == null || timing.numReusedTokens() == 0 ? all
                : all + " (" + timing.numReusedTokens() + " reused" + TierMixin.line(setting.tiers()) + ")";
    }

    private static String count(int number, String noun) {
        return number + " " + noun + (number == 1 ? "" : "s");
    }

    /** One object, its keys always in this order; the first answer stands in it, all of several under their own key. */
    ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("model", setting.model());
        json.put("prompt", prompt);
        json.put("prompt_tokens", answers.numPromptTokens());
        putAnswer(json, answers.first());
        if (answers.answers().size() > 1) {
            ArrayNode all = json.putArray("answers");
            answers.answers().forEach(answer -> putAnswer(all.addObject(), answer));
        }
        putTiming(json);
        if (answers.timing() != null) {
            json.put("cache_bytes", setting.cacheBytes());
        }
        json.put("kv_type", setting.kvType());
        json.put("window", setting.window().numTokens());
        json.put("sinks", setting.window().numSinks());
        json.put("compute", setting.compute());
        json.put("kernels", setting.kernels());
        if (answers.timing() != null) {
            putSampling(json);
        }
        return json;
    }

    private void putAnswer(ObjectNode json, Answer answer) {
        ArrayNode tokens = json.putArray("tokens");
        answer.tokenIds().forEach(tokens::add);
        json.put("text", tokenizer == null ? null : answer.text());
        json.put("finish_reason", answer.reason().name().toLowerCase(Locale.ROOT));
        if (answer.score() != null) {
            json.put("score", answer.score());
        }
        if (answer.logProbabilities() != null) {
            ArrayNode logprobs = json.putArray("logprobs");
            answer.logProbabilities().forEach(each -> {
                ObjectNode token = logprobs.addObject();
                putLogProbability(token, each);
                ArrayNode top = token.putArray("top");
                each.best().forEach(alternative -> putLogProbability(top.addObject(), alternative));
            });
        }
    }

    private void putLogProbability(ObjectNode json, TokenLogProbability token) {
        json.put("token", token.tokenId());
        json.put("text", tokenizer == null ? null : tokenizer.continuationText(token.tokenId()));
        json.put("logprob", token.logProbability());
    }

    private void putTiming(ObjectNode json) {
        Generation timing = answers.timing();
        if (timing == null) {
            json.put("search_ms", rounded(answers.nanos() / 1e6));
            return;
        }
        json.put("reused_tokens", timing.numReusedTokens());
        json.put("cached_tokens", timing.numReusedTokens());
        TierMixin.put(json, setting.tiers());
        json.put("time_to_first_token_ms", rounded(timing.promptNanos() / 1e6));
        json.put("prompt_tokens_per_second", rounded(timing.promptTokensPerSecond()));
        json.put("decode_tokens_per_second", rounded(timing.decodeTokensPerSecond()));
        json.put("drafted_tokens", timing.numDraftedTokens());
    }

    private void putSampling(ObjectNode json) {
        json.put("temperature", sampling.temperature());
        json.put("top_k", sampling.topK());
        json.put("top_p", sampling.topP());
        json.put("min_p", sampling.minP());
        json.put("typical_p", sampling.typicalP());
        json.put("repetition_penalty", sampling.repetitionPenalty());
        json.put("presence_penalty", sampling.presencePenalty());
        json.put("frequency_penalty", sampling.frequencyPenalty());
        json.put("no_repeat_ngram", sampling.noRepeatNgramSize());
        ArrayNode suppressed = json.putArray("suppress_tokens");
        sampling.suppressTokens().stream().sorted().forEach(suppressed::add);
        ObjectNode bias = json.putObject("logit_bias");
        new TreeMap<>(sampling.logitBias()).forEach((id, number) -> bias.put(id.toString(), number));
        json.put("seed", sampling.seed());
    }

    private static double rounded(double number) {
        return Math.round(number * 1000) / 1000.0;
    }
}
