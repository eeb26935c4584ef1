package io.github.pastkv.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.helpers.ResponseAccumulator;
import com.openai.models.responses.Response;
import com.openai.models.responses.ResponseCreateParams;
import com.openai.models.responses.ResponseIncludable;
import com.openai.models.responses.ResponseOutputText;
import com.openai.models.responses.ResponseStatus;
import com.openai.models.responses.ResponseStreamEvent;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** {@code /v1/responses}, by OpenAI's own client for Java and by hand. */
final class ResponsesTest {
    private static final String PATH = "/v1/responses";

    private static ResponseCreateParams.Builder response() {
        return ResponseCreateParams.builder().model(TestServer.MODEL).instructions("Tell a story.")
                .input("Once upon a time").maxOutputTokens(16).temperature(0.0);
    }

    private static ResponseOutputText text(Response response) {
        return response.output().getFirst().asMessage().content().getFirst().asOutputText();
    }

    @Test
    void wholeAndStreamedResponses_areEqual() throws Exception {
        try (TestServer server = new TestServer()) {
            OpenAIClient client =
                    OpenAIOkHttpClient.builder().baseUrl(server.uri("/v1").toString()).apiKey("none").build();
            Response whole = client.responses().create(response().topLogprobs(2)
                    .include(List.of(ResponseIncludable.MESSAGE_OUTPUT_TEXT_LOGPROBS)).build()).validate();
            ResponseAccumulator streamed = ResponseAccumulator.create();
            try (StreamResponse<ResponseStreamEvent> stream = client.responses().createStreaming(response().build())) {
                stream.stream().forEach(event -> streamed.accumulate(event.validate()));
            }

            assertThat(text(whole).text()).isNotEmpty().isEqualTo(text(streamed.response()).text());
            assertThat(text(whole).logprobs().orElseThrow()).hasSize(16)
                    .allMatch(token -> token.topLogprobs().size() == 2);
            assertThat(whole.status()).hasValue(ResponseStatus.INCOMPLETE);
            assertThat(streamed.response().usage().orElseThrow().outputTokens()).isEqualTo(16);
            assertThat(streamed.response().usage().orElseThrow().inputTokensDetails().cachedTokens()).isPositive();
        }
    }

    /** What a response has put out is input of the next. */
    @Test
    void conversation_goesOnByItsItems() throws Exception {
        try (TestServer server = new TestServer()) {
            JsonNode first =
                    server.ask(PATH, "{'input': 'Once upon a time', 'temperature': 0, 'max_output_tokens': 8}");
            JsonNode second = server.ask(PATH, ("{'input': [{'role': 'user', 'content': 'Once upon a time'}, "
                    + first.path("output").path(0)
                    + ", {'role': 'user', 'content': [{'type': 'input_text', 'text': 'And'}]}],"
                    + "'temperature': 0, 'max_output_tokens': 8}"));
            assertThat(second.path("usage").path("input_tokens_details").path("cached_tokens").intValue())
                    .isPositive();
        }
    }

    @Test
    void response_echoesTheRequest_andErrorsNameItsFields() throws Exception {
        try (TestServer server = new TestServer()) {
            JsonNode response = server.ask(PATH, "{'input': 'hi', 'max_output_tokens': 1, 'tool_choice': 'none',"
                    + "'parallel_tool_calls': false}");
            assertThat(response.path("tool_choice").stringValue()).isEqualTo("none");
            assertThat(response.path("parallel_tool_calls").booleanValue()).isFalse();
            JsonNode error = server.error(400, PATH, "{'input': 'hi', 'max_output_tokens': 1000000}");
            assertThat(error.path("param").stringValue()).isEqualTo("input");
            assertThat(error.path("message").stringValue()).contains("in the input");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\"',
            value = {"'store': true | store:", "'previous_response_id': 'x' | previous_response_id:",
                "'tools': [{'type': 'web_search'}] | tools[0].type:",
                "'tool_choice': {'type': 'custom', 'name': 'x'} | tool_choice.type:",
                "'max_tool_calls': 1 | max_tool_calls:", "'truncation': 'auto' | truncation:",
                "'reasoning': {'effort': 'low'} | reasoning.effort:",
                "'text': {'verbosity': 'low'} | text.verbosity:",
                "'background': true | background:", "'include': ['file_search_call.results'] | include:",
                "'nonsense': 1 | nonsense:", "'top_logprobs': 2 | top_logprobs:",
                "'stream_options': {} | stream_options:",
                "'stream': true, 'stream_options': {'include_usage': true} | stream_options.include_usage:",
                "'stream': true, 'stream_options': {'include_obfuscation': true} | stream_options.include_obfuscation:",
                "'max_output_tokens': 0 | max_output_tokens:",
                "'text': {'format': {'type': 'xml'}} | text.format.type:",
                "'text': {'format': {'type': 'json_schema', 'name': 'x'}} | text.format.schema:",
                "'text': {'format': {'type': 'json_schema', 'name': 'x', 'schema': {'not': {}}}} | text.format.schema:",
                "'text': {'format': {'type': 'json_object', 'x': 1}} | text.format.x:",
                "'tools': [{'type': 'function', 'name': 'a b'}] | tools[0].name:",
                "'tools': [{'type': 'function', 'name': 'f'}], 'tool_choice': {'type': 'allowed_tools', 'mode': 'x', "
                        + "'tools': [{'type': 'function', 'name': 'f'}]} | tool_choice.mode:",
                "'input': [{'type': 'function_call_output'}] | input[0].output:",
                "'input': [{'type': 'function_call', 'call_id': 'a', 'name': 'f'}] | input[0].arguments:",
                "'input': [{'type': 'web_search_call'}] | input[0].type:",
                "'input': [{'role': 'user', 'content': [{'type': 'input_image'}]}] | input[0].content[0].type:"})
    void otherFields_areRefusedByName(String field, String name) throws Exception {
        try (TestServer server = new TestServer()) {
            String input = field.startsWith("'input'") ? "" : "'input': 'hi', ";
            assertThat(server.error(400, PATH, "{" + input + field + "}").path("message").stringValue())
                    .startsWith(name);
        }
    }
}
