package io.github.pastkv.serve;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.model.Session;
import io.github.pastkv.model.generation.Generation;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.sampling.SamplingOptions;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

final class CompletionsTest {
    private static final String PATH = "/v1/completions";
    private static TestServer server;

    @BeforeAll
    static void start() throws Exception {
        server = new TestServer();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Test
    void answer_hasTheTokensOfTheLibrary() throws Exception {
        JsonNode answer = server.ask(PATH, """
                {'model': 'tiny', 'prompt': 'Once upon a time', 'max_tokens': 12, 'temperature': 0.8, 'top_p': 0.9,
                 'seed': 7, 'n': 2, 'logprobs': 3, 'return_token_ids': true}""");

        Generation expected;
        try (Session session = server.model.newSession()) {
            expected = session.generate("Once upon a time", GenerationOptions.greedy(12)
                    .withSampling(new SamplingOptions(0.8, 0, 0.9, 1, 7)).withNumReturnSequences(2)
                    .withNumLogProbabilities(3));
        }
        assertThat(answer.path("choices").size()).isEqualTo(2);
        for (int i = 0; i < 2; i++) {
            JsonNode choice = answer.path("choices").path(i);
            assertThat(choice.path("text").stringValue()).isEqualTo(expected.rows().get(i).text());
            assertThat(ints(choice.path("token_ids"))).isEqualTo(expected.rows().get(i).tokenIds());
            assertThat(choice.path("logprobs").path("token_logprobs").valueStream().map(JsonNode::doubleValue).toList())
                    .isEqualTo(expected.rows().get(i).logProbabilities().stream().map(each -> each.logProbability())
                            .toList());
            assertThat(choice.path("finish_reason").stringValue()).isEqualTo("length");
        }
        assertThat(answer.path("id").stringValue()).startsWith("cmpl-");
        assertThat(answer.path("object").stringValue()).isEqualTo("text_completion");
        assertThat(answer.path("created").isIntegralNumber()).isTrue();
        assertThat(answer.path("usage").path("prompt_tokens").intValue()).isEqualTo(4);
        assertThat(answer.path("usage").path("completion_tokens").intValue()).isEqualTo(24);
    }

    private static List<Integer> ints(JsonNode list) {
        return list.valueStream().map(JsonNode::intValue).toList();
    }

    @Test
    void stream_hasTheTextOfTheWholeAnswer_thenUsage_thenDone() throws Exception {
        String request = "{'prompt': 'Once upon a time', 'max_tokens': 20, 'seed': 3";
        String whole = server.ask(PATH, request + "}").path("choices").path(0).path("text").stringValue();

        List<String> events =
                server.events(PATH, request + ", 'stream': true, 'stream_options': {'include_usage': true}}");

        assertThat(events.getLast()).isEqualTo("[DONE]");
        JsonNode usage = TestServer.json(events.get(events.size() - 2));
        assertThat(usage.path("choices").isEmpty()).isTrue();
        assertThat(usage.path("usage").path("completion_tokens").intValue()).isEqualTo(20);
        assertThat(usage.path("usage").path("prompt_tokens_details").path("cached_tokens").isIntegralNumber()).isTrue();
        JsonNode last = TestServer.json(events.get(events.size() - 3));
        assertThat(last.path("choices").path(0).path("finish_reason").stringValue()).isEqualTo("length");
        StringBuilder text = new StringBuilder();
        for (String event : events.subList(0, events.size() - 2)) {
            JsonNode chunk = TestServer.json(event);
            text.append(chunk.path("choices").path(0).path("text").stringValue());
            assertThat(chunk.has("usage")).isTrue();
        }
        assertThat(text).hasToString(whole);
    }

    @Test
    void promptInAllForms() throws Exception {
        String byText = text(server.ask(PATH, "{'prompt': 'Once upon', 'max_tokens': 5, 'temperature': 0}"), 0);
        JsonNode tokens = server.ask("/tokenize", "{'prompt': 'Once upon'}").path("tokens");
        JsonNode byIds = server.ask(PATH, "{'prompt': " + tokens + ", 'max_tokens': 5, 'temperature': 0}");
        JsonNode listOfTexts = server.ask(PATH,
                "{'prompt': ['Once upon', 'One day', 'Once upon'], 'max_tokens': 5, 'temperature': 0, 'n': 2}");
        JsonNode listOfIds =
                server.ask(PATH, "{'prompt': [" + tokens + "," + tokens + "], 'max_tokens': 5, 'temperature': 0}");

        assertThat(text(byIds, 0)).isEqualTo(byText);
        assertThat(listOfTexts.path("choices").size()).isEqualTo(6);
        assertThat(text(listOfTexts, 1)).isEqualTo(byText);
        assertThat(text(listOfTexts, 5)).isEqualTo(byText);
        assertThat(text(listOfTexts, 2)).isNotEqualTo(byText);
        assertThat(text(listOfIds, 1)).isEqualTo(byText);
    }

    private static String text(JsonNode answer, int choice) {
        return answer.path("choices").path(choice).path("text").stringValue();
    }

    @Test
    void stopString_endsTheTextBeforeIt() throws Exception {
        JsonNode answer = server.ask(PATH,
                "{'prompt': 'Once upon a time', 'max_tokens': 50, 'temperature': 0, 'stop': ['was a', 'zzz']}");

        assertThat(text(answer, 0)).isEqualTo(", there ");
        assertThat(answer.path("choices").path(0).path("finish_reason").stringValue()).isEqualTo("stop");
    }

    @Test
    void stopTokenIds_andLogitBias() throws Exception {
        int there = server.ask("/tokenize", "{'prompt': ' there', 'add_special_tokens': false}").path("tokens").path(0)
                .intValue();
        JsonNode stopped = server.ask(PATH, "{'prompt': 'Once upon a time', 'max_tokens': 50, 'temperature': 0, "
                + "'stop_token_ids': [" + there + "]}");
        JsonNode biased = server.ask(PATH, "{'prompt': 'Once upon a time', 'max_tokens': 3, 'temperature': 0, "
                + "'logit_bias': {'" + there + "': 100}}");

        assertThat(text(stopped, 0)).isEqualTo(",");
        assertThat(text(biased, 0)).isEqualTo(" there there there");
    }

    @Test
    void ignoreEos_andMinTokens_goOnBehindTheEnd() throws Exception {
        String eos = String.valueOf(server.model.generationConfig().eosIds().getFirst());
        String likely = "{'prompt': 'Once upon a time', 'max_tokens': 9, 'temperature': 0, 'return_token_ids': true, "
                + "'logit_bias': {'" + eos + "': 100}";

        assertThat(server.ask(PATH, likely + "}").path("usage").path("completion_tokens").intValue()).isZero();
        assertThat(server.ask(PATH, likely + ", 'ignore_eos': true}").path("choices").path(0).path("token_ids")
                .size()).isEqualTo(9);
        JsonNode longer = server.ask(PATH, likely + ", 'min_tokens': 4}");
        assertThat(longer.path("usage").path("completion_tokens").intValue()).isEqualTo(4);
        assertThat(longer.path("choices").path(0).path("finish_reason").stringValue()).isEqualTo("stop");
    }

    @Test
    void echoWithLogprobs_scoresThePrompt() throws Exception {
        JsonNode scored = server.ask(PATH, "{'prompt': 'Once upon a time, there was', 'max_tokens': 2, 'echo': true, "
                + "'logprobs': 1, 'temperature': 0, 'prompt_logprobs': 1}").path("choices").path(0);
        JsonNode generated = server.ask(PATH, "{'prompt': 'Once upon a time, there', 'max_tokens': 1, 'logprobs': 1, "
                + "'temperature': 0}").path("choices").path(0);

        JsonNode logProbabilities = scored.path("logprobs").path("token_logprobs");
        assertThat(scored.path("text").stringValue()).startsWith("Once upon a time, there was");
        assertThat(logProbabilities.size()).isEqualTo(9);
        assertThat(logProbabilities.path(0).isNull()).isTrue();
        assertThat(logProbabilities.path(6).doubleValue())
                .isEqualTo(generated.path("logprobs").path("token_logprobs").path(0).doubleValue());
        assertThat(scored.path("prompt_logprobs").size()).isEqualTo(7);
        assertThat(scored.path("prompt_logprobs").path(0).isNull()).isTrue();
    }

    @Test
    void scoredPrompt_isFollowedByTheSameTokens() throws Exception {
        String request =
                "{'prompt': 'Once upon a time, there was', 'max_tokens': 9, 'seed': 5, 'return_token_ids': true, "
                        + "'presence_penalty': 0.5, 'repetition_penalty': 1.2, 'logprobs': 0";
        JsonNode plain = server.ask(PATH, request + "}").path("choices").path(0);
        JsonNode scored = server.ask(PATH, request + ", 'prompt_logprobs': 0}").path("choices").path(0);

        assertThat(scored.path("token_ids")).isEqualTo(plain.path("token_ids"));
        assertThat(scored.path("logprobs")).isEqualTo(plain.path("logprobs"));
    }

    @Test
    void secondRequest_takesThePromptFromTheCache_unlessItDoesNotWantTo() throws Exception {
        String prompt =
                "One day a little girl named Lily found a big red ball in the park. She was very happy. ".repeat(3);
        String request = "{'prompt': '" + prompt + "', 'max_tokens': 2, 'seed': 1, 'return_token_ids': true";
        JsonNode first = server.ask(PATH, request + "}");
        JsonNode second = server.ask(PATH, request + "}");
        JsonNode alone = server.ask(PATH, request + ", 'cache_prompt': false}");
        JsonNode salted = server.ask(PATH, request + ", 'cache_salt': 'pepper'}");

        assertThat(cached(first)).isLessThan(5); // as far as another test's prompt begins like it
        assertThat(cached(second)).isEqualTo(first.path("usage").path("prompt_tokens").intValue() - 1);
        assertThat(cached(alone)).isZero();
        assertThat(cached(salted)).isZero();
        assertThat(second.path("choices")).isEqualTo(first.path("choices"));
        assertThat(alone.path("choices")).isEqualTo(first.path("choices"));
    }

    private static int cached(JsonNode answer) {
        return answer.path("usage").path("prompt_tokens_details").path("cached_tokens").intValue();
    }

    @Test
    void seed_givesTheSameAnswer_andNoSeedAnother() throws Exception {
        String request = "{'prompt': 'Once', 'max_tokens': 40, 'temperature': 2";
        JsonNode seeded = server.ask(PATH, request + ", 'seed': -5}").path("choices");

        assertThat(server.ask(PATH, request + ", 'seed': -5}").path("choices")).isEqualTo(seeded);
        assertThat(server.ask(PATH, request + "}").path("choices"))
                .isNotEqualTo(server.ask(PATH, request + "}").path("choices"));
    }

    @Test
    void contextLength_isRefusedWithBothNumbers() throws Exception {
        JsonNode error = server.error(400, PATH, "{'prompt': 'Once upon', 'max_tokens': 1023}");

        assertThat(error.path("code").stringValue()).isEqualTo("context_length_exceeded");
        assertThat(error.path("message").stringValue()).contains("1024 tokens", "1025 tokens");
    }

    @Test
    void explain_tellsWhatIsCachedAndWhyNotMore() throws Exception {
        server.ask(PATH, "{'prompt': 'The cat sat on the mat and then it', 'max_tokens': 1}");
        JsonNode explained = server.ask("/v1/cache/explain", "{'prompt': 'The cat sat on the roof of the house'}");

        assertThat(explained.path("num_cached_tokens").intValue()).isPositive()
                .isEqualTo(explained.path("asked_token").path("position").intValue());
        assertThat(explained.path("miss_reason").path("code").stringValue()).isEqualTo("different_token");
        assertThat(explained.path("asked_token").path("text").stringValue()).isEqualTo(" roof");
        assertThat(explained.path("cached_token").path("text").stringValue()).isEqualTo(" m");
        assertThat(
                server.ask("/v1/cache/explain", "{'prompt': 'The cat sat on the roof of the house', 'cache_salt': 'x'}")
                        .path("miss_reason").path("code").stringValue())
                .isEqualTo("never_seen");
    }

    @Test
    void detokenize_isTheOtherWayRound() throws Exception {
        JsonNode tokens = server.ask("/tokenize", "{'prompt': 'Once upon a time'}").path("tokens");

        assertThat(server.ask("/detokenize", "{'tokens': " + tokens + "}").path("prompt").stringValue())
                .isEqualTo("Once upon a time");
    }
}
