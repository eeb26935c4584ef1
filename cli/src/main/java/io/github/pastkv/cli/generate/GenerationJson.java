package io.github.pastkv.cli.generate;

import io.github.pastkv.cli.generate.Answers.Answer;
import io.github.pastkv.cli.options.TierMixin;
import io.github.pastkv.model.generation.Generation;
import io.github.pastkv.model.generation.TokenLogProbability;
import java.util.Locale;
import java.util.TreeMap;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** A {@link GenerationReport} as JSON. */
record GenerationJson(GenerationReport report) {
    /** One object, its keys always in this order; the first answer stands in it, all of several under their own key. */
    ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("model", report.setting().model());
        json.put("prompt", report.prompt());
        json.put("prompt_tokens", report.answers().numPromptTokens());
        putAnswer(json, report.answers().first());
        if (report.answers().answers().size() > 1) {
            ArrayNode all = json.putArray("answers");
            report.answers().answers().forEach(answer -> putAnswer(all.addObject(), answer));
        }
        putTiming(json);
        if (report.answers().timing() != null) {
            json.put("cache_bytes", report.setting().cacheBytes());
        }
        json.put("kv_type", report.setting().kvType());
        json.put("window", report.setting().window().numTokens());
        json.put("sinks", report.setting().window().numSinks());
        json.put("compute", report.setting().compute());
        json.put("kernels", report.setting().kernels());
        if (report.answers().timing() != null) {
            putSampling(json);
        }
        return json;
    }

    private void putAnswer(ObjectNode json, Answer answer) {
        ArrayNode tokens = json.putArray("tokens");
        answer.tokenIds().forEach(tokens::add);
        json.put("text", report.tokenizer() == null ? null : answer.text());
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
        json.put("text", report.tokenizer() == null ? null : report.tokenizer().continuationText(token.tokenId()));
        json.put("logprob", token.logProbability());
    }

    private void putTiming(ObjectNode json) {
        Generation timing = report.answers().timing();
        if (timing == null) {
            json.put("search_ms", rounded(report.answers().nanos() / 1e6));
            return;
        }
        json.put("reused_tokens", timing.numReusedTokens());
        json.put("cached_tokens", timing.numReusedTokens());
        TierMixin.put(json, report.setting().tiers());
        json.put("time_to_first_token_ms", rounded(timing.promptNanos() / 1e6));
        json.put("prompt_tokens_per_second", rounded(timing.promptTokensPerSecond()));
        json.put("decode_tokens_per_second", rounded(timing.decodeTokensPerSecond()));
        json.put("drafted_tokens", timing.numDraftedTokens());
    }

    private void putSampling(ObjectNode json) {
        json.put("temperature", report.sampling().temperature());
        json.put("top_k", report.sampling().topK());
        json.put("top_p", report.sampling().topP());
        json.put("min_p", report.sampling().minP());
        json.put("typical_p", report.sampling().typicalP());
        json.put("repetition_penalty", report.sampling().repetitionPenalty());
        json.put("presence_penalty", report.sampling().presencePenalty());
        json.put("frequency_penalty", report.sampling().frequencyPenalty());
        json.put("no_repeat_ngram", report.sampling().noRepeatNgramSize());
        json.put("min_new_tokens", report.sampling().minNewTokens());
        ArrayNode suppressed = json.putArray("suppress_tokens");
        report.sampling().suppressTokens().stream().sorted().forEach(suppressed::add);
        ObjectNode bias = json.putObject("logit_bias");
        new TreeMap<>(report.sampling().logitBias()).forEach((id, number) -> bias.put(id.toString(), number));
        json.put("seed", report.sampling().seed());
    }

    private static double rounded(double number) {
        return Math.round(number * 1000) / 1000.0;
    }
}
