package io.github.pastkv.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Calls of tools over HTTP, by a model that has not been trained to make any. */
final class ToolsTest {
    private static final String PATH = "/v1/chat/completions";
    private static final String ASK = "{'messages': [{'role': 'user', 'content': 'How is the weather?'}], 'seed': 1, "
            + "'max_tokens': 200";
    private static final String REUSE = ", 'reuse_generated_tokens': true";
    private static final String TOOLS = "'tools': [{'type': 'function', 'function': {'name': 'get_weather', "
            + "'description': 'Weather.', 'strict': true, 'parameters': {'type': 'object', 'properties': "
            + "{'city': {'enum': ['Bonn', 'Rome']}, 'days': {'type': 'integer', 'minimum': 1, 'maximum': 9}}, "
            + "'required': ['city', 'days'], 'additionalProperties': false}}}, "
            + "{'type': 'function', 'function': {'name': 'get_time'}}]";
    private static final String WEATHER = "\\{\"city\": \"(Bonn|Rome)\", \"days\": [1-9]}";
    private static TestServer server;

    @BeforeAll
    static void start() throws Exception {
        server = new TestServer();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static JsonNode choice(JsonNode answer) {
        return answer.path("choices").path(0);
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', quoteCharacter = '~', value = {
        "'required'; get_weather|get_time", "{'type': 'function', 'function': {'name': 'get_weather'}}; get_weather",
        "{'type': 'allowed_tools', 'allowed_tools': {'mode': 'required', 'tools': "
                + "[{'type': 'function', 'function': {'name': 'get_time'}}]}}; get_time"})
    void call_isMadeWhereItIsRequired(String toolChoice, String names) throws Exception {
        JsonNode choice = choice(server.ask(PATH, ASK + ", " + TOOLS + ", 'tool_choice': " + toolChoice + "}"));

        JsonNode call = choice.path("message").path("tool_calls").path(0);
        assertThat(choice.path("finish_reason").stringValue()).isEqualTo("tool_calls");
        assertThat(choice.path("message").path("content").isNull()).isTrue();
        assertThat(call.path("type").stringValue()).isEqualTo("function");
        assertThat(call.path("id").stringValue()).hasSize(9);
        String name = call.path("function").path("name").stringValue();
        assertThat(name).matches(names);
        assertThat(call.path("function").path("arguments").stringValue())
                .matches(name.equals("get_weather") ? WEATHER : "\\{}");
    }

    @Test
    void stream_hasIndexIdAndNameOnce_thenArguments() throws Exception {
        String request = ASK + ", " + TOOLS + ", 'stream': true, 'tool_choice': "
                + "{'type': 'function', 'function': {'name': 'get_weather'}}}";
        List<JsonNode> choices = server.events(PATH, request).stream().filter(event -> !event.equals("[DONE]"))
                .map(event -> choice(TestServer.json(event))).toList();
        List<JsonNode> calls = choices.stream().map(choice -> choice.path("delta").path("tool_calls"))
                .filter(JsonNode::isArray).map(list -> list.path(0)).toList();

        assertThat(choices.getFirst().path("delta").path("role").stringValue()).isEqualTo("assistant");
        assertThat(calls).allMatch(call -> call.path("index").intValue() == 0 && call.has("index"));
        assertThat(calls.getFirst().toString())
                .matches("\\{\"index\":0,\"id\":\"[A-Za-z0-9]{9}\",\"type\":\"function\","
                        + "\"function\":\\{\"name\":\"get_weather\",\"arguments\":\"\"}}");
        StringBuilder arguments = new StringBuilder();
        calls.stream().skip(1).forEach(call -> {
            assertThat(call.has("id") || call.path("function").has("name")).isFalse();
            arguments.append(call.path("function").path("arguments").stringValue());
        });
        assertThat(arguments.toString()).matches(WEATHER);
        assertThat(choices.getLast().path("finish_reason").stringValue()).isEqualTo("tool_calls");
        assertThat(choices)
                .noneMatch(choice -> choice.path("delta").path("content").asString("").contains("tool_call"));
    }

    @Test
    void result_isAnswered_andTheConversationBeforeItIsAHit() throws Exception {
        String first = server.post(PATH, ASK + REUSE + ", " + TOOLS + ", 'tool_choice': 'required'}").body();
        JsonNode answer = TestServer.json(first);
        int numRead = answer.path("usage").path("total_tokens").intValue();
        String message = choice(answer).path("message").toString();
        String id = choice(answer).path("message").path("tool_calls").path(0).path("id").stringValue();
        String rest = ASK.replace("}]", "}, MESSAGE, {'role': 'tool', 'tool_call_id': '" + id
                + "', 'content': 'It rains.'}]") + ", " + TOOLS + ", 'tool_choice': 'none'";

        JsonNode second = askWith(message, rest + REUSE + "}");

        assertThat(choice(second).path("message").path("content").isString()).isTrue();
        assertThat(choice(second).path("message").has("tool_calls")).isFalse();
        assertThat(second.path("usage").path("prompt_tokens_details").path("cached_tokens").intValue())
                .isGreaterThanOrEqualTo(numRead - 1);
    }

    /** Random text is hardly ever tokenized again as it was generated. */
    @Test
    void textOfAnAnswer_isTokenizedAnew_unlessTheGeneratedTokensAreAskedFor() throws Exception {
        String wild = ", 'temperature': 2, 'return_token_ids': true";
        JsonNode first = server.ask(PATH, ASK.replace("200", "60") + wild + REUSE + "}");
        String rest =
                ASK.replace("}]", "}, MESSAGE, {'role': 'user', 'content': 'And now?'}]").replace("200", "1") + wild;
        String message = choice(first).path("message").toString();

        JsonNode alone = askWith(message, rest + "}").path("prompt_token_ids");

        assertThat(alone.size()).isGreaterThan(20);
        assertThat(alone).isEqualTo(askAnew(message, rest + "}").path("prompt_token_ids"));
        assertThat(askWith(message, rest + REUSE + "}").path("prompt_token_ids")).isNotEqualTo(alone);
    }

    /** The answer to a request that holds an earlier message as it came. */
    private static JsonNode askWith(String message, String request) throws Exception {
        return askWith(server, message, request);
    }

    private static JsonNode askWith(TestServer asked, String message, String request) throws Exception {
        return TestServer.json(asked.client.send(asked.request(PATH).header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(request.replace('\'', '"').replace("MESSAGE", message)))
                .build(), HttpResponse.BodyHandlers.ofString()).body());
    }

    /** The same of a server that knows no conversation. */
    private static JsonNode askAnew(String message, String request) throws Exception {
        try (TestServer other = new TestServer()) {
            return askWith(other, message, request);
        }
    }

    @Test
    void auto_isTextThatAModelWritesWithoutTools_ifItCallsNone() throws Exception {
        JsonNode answer = server.ask(PATH, ASK + ", 'temperature': 0, " + TOOLS + "}");

        assertThat(choice(answer).path("message").path("content").stringValue()).isNotEmpty();
        assertThat(choice(answer).path("finish_reason").stringValue()).isIn("stop", "length");
        assertThat(choice(answer).path("message").has("tool_calls")).isFalse();
    }

    /** The bias makes the model begin with a call, or with JSON. */
    @ParameterizedTest
    @CsvSource(delimiter = ';', quoteCharacter = '~', value = {"auto; <tool_call>; true", "auto; {; false",
        "none; <tool_call>; false", "required; {; true"})
    void schemaBesideTools_isThatOfAnswersWithoutCalls(String toolChoice, String preferred, boolean calls)
            throws Exception {
        int id = server.model.tokenizer().orElseThrow().encode(preferred, false)[0];
        JsonNode message = choice(server.ask(PATH, ASK + ", " + TOOLS + ", 'tool_choice': '" + toolChoice
                + "', 'logit_bias': {'" + id + "': 100}, 'response_format': {'type': 'json_schema', 'json_schema': "
                + "{'name': 's', 'schema': {'type': 'object', 'properties': {'sky': {'enum': ['blue', 'grey']}}, "
                + "'required': ['sky'], 'additionalProperties': false}}}}")).path("message");

        assertThat(message.has("tool_calls")).isEqualTo(calls);
        if (!calls) {
            assertThat(message.path("content").stringValue()).matches("\\{\"sky\": \"(blue|grey)\"}");
        } else {
            assertThat(message.path("content").isNull()).isTrue();
            assertThat(message.path("tool_calls").path(0).path("function").path("name").stringValue())
                    .matches("get_weather|get_time");
        }
    }

    @Test
    void callThatIsCut_isThereAsFarAsItCame() throws Exception {
        JsonNode choice = choice(server.ask(PATH, ASK.replace("200", "60") + ", 'tool_choice': 'required', 'tools': "
                + "[{'type': 'function', 'function': {'name': 'f', 'parameters': {'type': 'object', 'properties': "
                + "{'x': {'type': 'string', 'minLength': 200}}, 'required': ['x']}}}]}"));

        assertThat(choice.path("finish_reason").stringValue()).isEqualTo("length");
        assertThat(choice.path("message").path("tool_calls").path(0).path("function").path("arguments").stringValue())
                .startsWith("{\"x\": \"").doesNotEndWith("}");
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', quoteCharacter = '~', value = {
        "'tools': [{'type': 'web_search'}]; tools[0].type; only function is supported",
        "'tools': [{'type': 'custom', 'custom': {'name': 'x'}}]; tools[0].type; only function",
        "'tools': [{'type': 'function'}]; tools[0].function; is missing",
        "'tools': [{'type': 'function', 'function': {'name': 'a b'}}]; tools[0].function.name; must be 1 to 128",
        "'tools': [{'type': 'function', 'function': {'name': 'a', 'x': 1}}]; tools[0].function.x; not known",
        "'tools': [{'type': 'function', 'function': {'name': 'a', 'parameters': []}}]; "
                + "tools[0].function.parameters; must be an object",
        "'tools': [{'type': 'function', 'function': {'name': 'a', 'parameters': {'type': 'object', 'not': {}}}}]; "
                + "tools; tool a: parameters: JSON schema: #: 'not' is not supported",
        "'tool_choice': 'required'; tool_choice; is allowed only with tools",
        "TOOLS, 'tool_choice': 'sometimes'; tool_choice; must be none, auto or required",
        "TOOLS, 'tool_choice': {'type': 'custom', 'custom': {'name': 'x'}}; tool_choice.type; only function and allowed",
        "TOOLS, 'tool_choice': {'type': 'function', 'function': {'name': 'x'}}; tool_choice; is none of the tools",
        "TOOLS, 'guided_regex': '[^x]*'; guided_regex; may begin with <tool_call>",
        "'functions': [{'name': 'x'}]; functions; the older form",
        "'function_call': 'auto'; function_call; the older form"})
    void whatIsNotSupported_isRefusedByName(String field, String param, String message) throws Exception {
        JsonNode error = server.error(400, PATH, ASK + ", " + field.replace("TOOLS", TOOLS) + "}");

        assertThat(error.path("param").stringValue()).isEqualTo(param);
        assertThat(error.path("message").stringValue()).startsWith(param).contains(message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', quoteCharacter = '~', value = {
        "{'role': 'tool', 'content': 'x'}; messages[0].tool_call_id; is missing",
        "{'role': 'function', 'name': 'f', 'content': 'x'}; messages[0].role; the older form",
        "{'role': 'assistant', 'tool_calls': [{'id': 'a', 'function': {'name': 'f', 'arguments': '{'}}]}; "
                + "messages[0].tool_calls[0].function.arguments; no JSON",
        "{'role': 'assistant', 'tool_calls': [{'function': {'name': 'f', 'arguments': '{}'}}]}; "
                + "messages[0].tool_calls[0].id; is missing",
        "{'role': 'user', 'content': 'x', 'tool_calls': [{}]}; messages[0].tool_calls; only for the assistant"})
    void wrongMessages_areRefusedByName(String wrong, String param, String message) throws Exception {
        JsonNode error = server.error(400, PATH, "{'messages': [" + wrong + "]}");

        assertThat(error.path("param").stringValue()).isEqualTo(param);
        assertThat(error.path("message").stringValue()).contains(message);
    }
}
