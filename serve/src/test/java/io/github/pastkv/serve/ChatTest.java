package io.github.pastkv.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

final class ChatTest {
    private static final String PATH = "/v1/chat/completions";
    private static final String HELLO = "{'messages': [{'role': 'user', 'content': 'Once upon a time'}]";
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
    void answer_hasTheFieldsThatClientsRequire() throws Exception {
        JsonNode answer =
                server.ask(PATH, HELLO + ", 'max_completion_tokens': 5, 'max_tokens': 100, 'temperature': 0}");

        JsonNode choice = answer.path("choices").path(0);
        assertThat(answer.path("id").stringValue()).startsWith("chatcmpl-");
        assertThat(answer.path("object").stringValue()).isEqualTo("chat.completion");
        assertThat(answer.path("model").stringValue()).isEqualTo("tiny");
        assertThat(choice.path("index").intValue()).isZero();
        assertThat(choice.path("message").path("role").stringValue()).isEqualTo("assistant");
        assertThat(choice.path("message").path("content").stringValue()).isEqualTo(", there was a shy");
        assertThat(choice.path("finish_reason").stringValue()).isEqualTo("length");
        assertThat(answer.path("usage").path("total_tokens").intValue()).isEqualTo(9);
    }

    @Test
    void stream_beginsWithTheRole_ofEachChoice() throws Exception {
        String request = HELLO + ", 'max_tokens': 6, 'n': 2, 'seed': 4, 'logprobs': true, 'top_logprobs': 2, "
                + "'return_token_ids': true";
        JsonNode whole = server.ask(PATH, request + "}").path("choices");

        List<JsonNode> events = server.events(PATH, request + ", 'stream': true}").stream()
                .filter(event -> !event.equals("[DONE]")).map(TestServer::json).toList();

        for (int choice = 0; choice < 2; choice++) {
            assertThat(events.get(choice).path("choices").path(0).path("delta").path("role").stringValue())
                    .isEqualTo("assistant");
            StringBuilder text = new StringBuilder();
            int numTokens = 0;
            for (JsonNode event : events) {
                JsonNode each = event.path("choices").path(0);
                if (each.path("index").intValue() == choice) {
                    text.append(each.path("delta").path("content").asString(""));
                    numTokens += each.path("logprobs").path("content").size();
                }
            }
            assertThat(text).hasToString(whole.path(choice).path("message").path("content").stringValue());
            assertThat(numTokens).isEqualTo(6);
        }
        assertThat(events).noneMatch(event -> event.has("usage"));
        assertThat(events.getLast().path("choices").path(0).path("finish_reason").stringValue()).isEqualTo("length");
    }

    @Test
    void partsOfText_areJoined_andDeveloperIsTheSystem() throws Exception {
        JsonNode one = server.ask(PATH, "{'messages': [{'role': 'system', 'content': 'a\\nb'}, "
                + "{'role': 'user', 'content': 'Once'}], 'temperature': 0, 'max_tokens': 5}");
        JsonNode two =
                server.ask(PATH, "{'messages': [{'role': 'developer', 'content': [{'type': 'text', 'text': 'a'}, "
                        + "{'type': 'text', 'text': 'b'}]}, {'role': 'user', 'content': 'Once'}], 'temperature': 0, 'max_tokens': 5}");

        assertThat(two.path("choices")).isEqualTo(one.path("choices"));
    }

    @Test
    void answer_goesOnToTheEndOfTheContext_whereNothingIsSaid() throws Exception {
        JsonNode answer = server.ask(PATH, HELLO + ", 'ignore_eos': true, 'temperature': 0}");

        assertThat(answer.path("usage").path("total_tokens").intValue()).isEqualTo(1024);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"'tool_choice': 'required'", "'functions': [{}]", "'reasoning_effort': 'low'", "'store': true",
                "'service_tier': 'flex'", "'audio': {}", "'modalities': ['text', 'audio']", "'web_search_options': {}",
                "'prediction': {}", "'verbosity': 'low'", "'no_such_field': 1",
                "'continue_final_message': true", "'chat_template': 'x'", "'best_of': 3", "'suffix': 'x'"})
    void unsupportedField_isRefusedByName(String field) throws Exception {
        JsonNode error = server.error(400, PATH, HELLO + ", " + field + "}");

        String name = field.substring(1, field.indexOf('\'', 1));
        assertThat(error.path("param").stringValue()).isEqualTo(name);
        assertThat(error.path("message").stringValue()).startsWith(name + ": ");
        assertThat(error.path("type").stringValue()).isEqualTo("invalid_request_error");
        assertThat(error.path("code").stringValue()).isEqualTo("unsupported_parameter");
    }

    @ParameterizedTest
    @ValueSource(strings = {"'tools': []", "'tool_choice': 'none'", "'tool_choice': 'auto'",
        "'parallel_tool_calls': true",
        "'response_format': {'type': 'text'}",
        "'store': false", "'service_tier': 'auto'", "'user': 'me'", "'metadata': {'a': 'b'}", "'prompt_cache_key': 'k'",
        "'modalities': ['text']", "'stop': null", "'n': null", "'logit_bias': {}", "'stream': false",
        "'frequency_penalty': 0.5", "'min_p': 0.1", "'top_k': -1", "'priority': 3", "'safety_identifier': 'x'"})
    void neutralOrSupportedField_isTaken(String field) throws Exception {
        server.ask(PATH, HELLO + ", 'max_tokens': 1, " + field + "}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"'temperature': 'hot'", "'temperature': -1", "'temperature': 1e999", "'top_p': 0",
        "'top_p': 1.5", "'n': 0", "'n': 1.5", "'n': 100000", "'max_tokens': 0", "'stop': [1]", "'stop': ''",
        "'seed': 1e30", "'logit_bias': {'99999999': 1}", "'logit_bias': {'x': 1}", "'logit_bias': {'1': 1000}",
        "'logit_bias': [1]", "'top_logprobs': 2", "'stream': 'yes'", "'stream_options': {}", "'min_p': 2",
        "'presence_penalty': 3", "'stop_token_ids': [-1]", "'cache_salt': ''", "'prompt_logprobs': 100"})
    void wrongValue_isRefusedByName(String field) throws Exception {
        JsonNode error = server.error(400, PATH, HELLO + ", " + field + "}");

        assertThat(error.path("param").stringValue()).startsWith(field.substring(1, field.indexOf('\'', 1)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"[]", "'x'", "[1]", "[{}]", "[{'role': 'user'}]", "[{'role': 'robot', 'content': 'x'}]",
        "[{'role': 'user', 'content': 1}]", "[{'role': 'user', 'content': [{'type': 'image_url', 'image_url': {}}]}]",
        "[{'role': 'user', 'content': [{'type': 'input_audio', 'input_audio': {}}]}]",
        "[{'role': 'user', 'content': [{'type': 'file', 'file': {}}]}]",
        "[{'role': 'tool', 'content': 'x'}]",
        "[{'role': 'assistant', 'content': 'x', 'tool_calls': [{}]}]",
        "[{'role': 'user', 'content': 'x', 'surprise': 1}]"})
    void wrongMessages_areRefusedByPlace(String messages) throws Exception {
        JsonNode error = server.error(400, PATH, "{'messages': " + messages + "}");

        assertThat(error.path("param").stringValue()).startsWith("messages");
    }

    @Test
    void unknownModel_is404() throws Exception {
        JsonNode error = server.error(404, PATH, HELLO + ", 'model': 'gpt-5'}");

        assertThat(error.path("code").stringValue()).isEqualTo("model_not_found");
        assertThat(server.get("/v1/models/tiny").statusCode()).isEqualTo(200);
        assertThat(server.get("/v1/models/a/b").statusCode()).isEqualTo(404);
        assertThat(TestServer.json(server.get("/v1/models").body()).path("data").path(0).path("id").stringValue())
                .isEqualTo("tiny");
    }
}
