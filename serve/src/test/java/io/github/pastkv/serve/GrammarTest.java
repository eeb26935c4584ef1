package io.github.pastkv.serve;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What a request asks its answer to look like. */
class GrammarTest {
    private static final String PATH = "/v1/chat/completions";
    private static final String HELLO =
            "{'messages': [{'role': 'user', 'content': 'Once upon a time'}], 'max_tokens': 300, 'seed': 1";
    private static final String SCHEMA =
            "{'type': 'object', 'properties': {'name': {'type': 'string', 'maxLength': 9}, "
                    + "'age': {'type': 'integer', 'minimum': 1, 'maximum': 99}}, 'required': ['name', 'age'], "
                    + "'additionalProperties': false}";
    private static final String PERSON = "\\{\"name\": \"([^\"\\\\]|\\\\.)*\", \"age\": [1-9][0-9]?}";
    private static TestServer server;

    @BeforeAll
    static void start() throws Exception {
        server = new TestServer();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static String content(JsonNode answer) {
        return answer.path("choices").path(0).path("message").path("content").stringValue();
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', quoteCharacter = '~', value = {
        "'response_format': {'type': 'json_schema', 'json_schema': {'name': 'p', 'strict': true, 'schema': SCHEMA}}; "
                + "PERSON",
        "'response_format': {'type': 'json_schema', 'schema': SCHEMA}; PERSON",
        "'response_format': {'type': 'json_object', 'schema': SCHEMA}; PERSON", "'json_schema': SCHEMA; PERSON",
        "'guided_json': SCHEMA; PERSON", "'guided_regex': 'a|b{3}'; a|bbb", "'guided_choice': ['yes', 'no']; yes|no",
        "'guided_grammar': 'root ::= [x-z]{2}'; [x-z]{2}", "'grammar': 'root ::= [x-z]{2}'; [x-z]{2}",
        "'guided_json': {'const': 0.30000000000000000001}; 0\\.30{18}1",
        "'structured_outputs': {'choice': ['yes', 'no']}; yes|no"})
    void answer_looksAsAsked(String field, String regex) throws Exception {
        JsonNode answer = server.ask(PATH, HELLO + ", " + field.replace("SCHEMA", SCHEMA) + "}");

        assertThat(content(answer)).matches(regex.replace("PERSON", PERSON));
        assertThat(answer.path("choices").path(0).path("finish_reason").stringValue()).isEqualTo("stop");
    }

    @Test
    void jsonObject_isOne_andStreamsTheSame() throws Exception {
        String request = HELLO + ", 'response_format': {'type': 'json_object'}, 'temperature': 0.3";
        String whole = content(server.ask(PATH, request + "}"));
        StringBuilder streamed = new StringBuilder();
        server.events(PATH, request + ", 'stream': true}").stream().filter(event -> !event.equals("[DONE]"))
                .forEach(event -> streamed.append(TestServer.json(event).path("choices").path(0).path("delta")
                        .path("content").asString("")));

        assertThat(whole).startsWith("{");
        assertThat(streamed).hasToString(whole);
    }

    @Test
    void completionsAndResponses_takeTheSame() throws Exception {
        JsonNode completion = server.ask("/v1/completions",
                "{'prompt': 'Once', 'max_tokens': 300, 'n': 2, 'guided_json': " + SCHEMA + "}");
        JsonNode response =
                server.ask("/v1/responses", "{'input': 'Once', 'max_output_tokens': 300, 'text': {'format': "
                        + "{'type': 'json_schema', 'name': 'person', 'schema': " + SCHEMA + "}}}");

        assertThat(completion.path("choices").path(1).path("text").stringValue()).matches(PERSON);
        assertThat(response.path("output").path(0).path("content").path(0).path("text").stringValue()).matches(PERSON);
        assertThat(response.path("text").path("format").path("name").stringValue()).isEqualTo("person");
        assertThat(JsonMapper.shared().readTree(completion.path("choices").path(0).path("text").stringValue())
                .path("age").intValue()).isBetween(1, 99);
    }

    @Test
    void grammar_thatFailsWhileItGenerates_isTheRequestsFault() throws Exception {
        String regex = "ab|".repeat(10_001) + "ab";

        JsonNode error = server.error(400, PATH, HELLO + ", 'guided_regex': '" + regex + "'}");

        assertThat(error.path("message").stringValue()).startsWith("grammar: the text may be read in more than");
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', quoteCharacter = '~', value = {
        "'response_format': {'type': 'xml'}; response_format.type; only text, json_object and json_schema",
        "'response_format': {'type': 'json_schema'}; response_format.json_schema; is missing",
        "'response_format': {'type': 'json_schema', 'json_schema': {}}; response_format.json_schema.schema; is missing",
        "'response_format': {'type': 'text', 'x': 1}; response_format.x; not known",
        "'guided_json': {'not': {}}; guided_json; 'not' is not supported",
        "'response_format': {'type': 'json_schema', 'json_schema': {'schema': {'not': {}}}}; "
                + "response_format.json_schema.schema; 'not' is not supported",
        "'guided_regex': '(a'; guided_regex; a group is not closed", "'grammar': 'x'; grammar; '::=' must follow",
        "'guided_choice': []; guided_choice; must be texts", "'guided_choice': [1]; guided_choice; an array of strings",
        "'guided_regex': 'a', 'grammar': 'root ::= [a]'; grammar; does not go with guided_regex",
        "'guided_json': {'maximum': 1e400}; guided_json; 'maximum' has more than 100 digits",
        "'temperature': 1e400; temperature; Infinity, must be in",
        "'structured_outputs': {'x': 1}; x; not known"})
    void whatIsNotSupported_isRefusedByName(String field, String param, String message) throws Exception {
        JsonNode error = server.error(400, PATH, HELLO + ", " + field + "}");

        assertThat(error.path("param").stringValue()).isEqualTo(param);
        assertThat(error.path("message").stringValue()).startsWith(param).contains(message);
    }
}
