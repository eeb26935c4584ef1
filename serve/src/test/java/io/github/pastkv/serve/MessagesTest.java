package io.github.pastkv.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.anthropic.client.AnthropicClient;
import com.anthropic.client.okhttp.AnthropicOkHttpClient;
import com.anthropic.core.JsonValue;
import com.anthropic.core.http.StreamResponse;
import com.anthropic.errors.BadRequestException;
import com.anthropic.errors.NotFoundException;
import com.anthropic.helpers.MessageAccumulator;
import com.anthropic.models.messages.Message;
import com.anthropic.models.messages.MessageCountTokensParams;
import com.anthropic.models.messages.MessageCreateParams;
import com.anthropic.models.messages.RawMessageStreamEvent;
import com.anthropic.models.messages.StopReason;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** {@code /v1/messages}, by Anthropic's own client for Java and by hand. */
final class MessagesTest {
    private static final String PATH = "/v1/messages";

    private static AnthropicClient client(TestServer server) {
        return AnthropicOkHttpClient.builder().baseUrl(server.uri("").toString()).apiKey("none").build();
    }

    private static MessageCreateParams.Builder message() {
        return MessageCreateParams.builder().model(TestServer.MODEL).maxTokens(12)
                .putAdditionalBodyProperty("temperature", JsonValue.from(0))
                .system("Tell a story.").addUserMessage("Once upon a time");
    }

    @Test
    void wholeAndStreamedMessages_areEqual() throws Exception {
        try (TestServer server = new TestServer()) {
            AnthropicClient client = client(server);
            Message whole = client.messages().create(message().build()).validate();
            MessageAccumulator streamed = MessageAccumulator.create();
            try (StreamResponse<RawMessageStreamEvent> stream =
                    client.messages().createStreaming(message().build())) {
                stream.stream().forEach(event -> streamed.accumulate(event.validate()));
            }

            String text = whole.content().getFirst().asText().text();
            assertThat(text).isNotEmpty();
            assertThat(streamed.message().content().getFirst().asText().text()).isEqualTo(text);
            assertThat(whole.stopReason()).hasValue(StopReason.MAX_TOKENS);
            assertThat(whole.usage().outputTokens()).isEqualTo(12);
            assertThat(whole.usage().cacheReadInputTokens()).hasValue(0L);
            assertThat(streamed.message().usage().cacheReadInputTokens().orElseThrow()).isPositive();
            assertThat(server
                    .ask("/v1/chat/completions", "{'max_tokens': 12, 'temperature': 0, 'messages': ["
                            + "{'role': 'system', 'content': 'Tell a story.'}, {'role': 'user', 'content': 'Once upon a time'}]}")
                    .path("choices").path(0).path("message").path("content").stringValue()).isEqualTo(text);
        }
    }

    @Test
    void stopSequence_isTold_andTokensAreCounted() throws Exception {
        try (TestServer server = new TestServer()) {
            AnthropicClient client = client(server);
            Message message = client.messages()
                    .create(message().maxTokens(200).stopSequences(List.of("never to be found", ".")).build());

            assertThat(message.stopReason()).hasValue(StopReason.STOP_SEQUENCE);
            assertThat(message.stopSequence()).hasValue(".");
            assertThat(message.content().getFirst().asText().text()).doesNotContain(".");
            assertThat(client.messages()
                    .countTokens(MessageCountTokensParams.builder().model(TestServer.MODEL).system("Tell a story.")
                            .addUserMessage("Once upon a time").build())
                    .inputTokens())
                    .isEqualTo(message.usage().inputTokens() + message.usage().cacheReadInputTokens().orElseThrow());
        }
    }

    @Test
    void errors_areThoseThatTheClientKnows() throws Exception {
        try (TestServer server = new TestServer()) {
            AnthropicClient client = client(server);
            assertThatThrownBy(() -> client.messages().create(message().model("other").build()))
                    .isInstanceOf(NotFoundException.class).hasMessageContaining("'other' is not served here");
            assertThatThrownBy(() -> client.messages().create(message().maxTokens(1_000_000).build()))
                    .isInstanceOf(BadRequestException.class).hasMessageContaining("maximum context length");
            JsonNode error = TestServer.json(server.post(PATH, "{}").body());
            assertThat(error.path("type").stringValue()).isEqualTo("error");
            assertThat(error.path("error").path("type").stringValue()).isEqualTo("invalid_request_error");
            assertThat(TestServer.json(server.get(PATH).body()).path("error").path("type").stringValue())
                    .as("of a method that is not allowed").isEqualTo("invalid_request_error");
            assertThat(TestServer.json(server.get(PATH).body()).path("type").stringValue()).isEqualTo("error");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\"',
            value = {"'tools': [{'name': 'f'}] | tools[0].input_schema:",
                "'tools': [{'type': 'bash_20250124', 'name': 'bash'}] | tools[0].type:",
                "'tool_choice': {'type': 'some'} | tool_choice.type:", "'tool_choice': {'type': 'any'} | tool_choice:",
                "'thinking': {'type': 'enabled'} | thinking:",
                "'nonsense': 1 | nonsense:", "'stop_sequences': [''] | stop_sequences:",
                "'service_tier': 'best' | service_tier:",
                "'system': [{'type': 'image'}] | system[0].type:", "'temperature': 'hot' | temperature:"})
    void otherFields_areRefusedByName(String field, String name) throws Exception {
        try (TestServer server = new TestServer()) {
            assertThat(server.error(400, PATH,
                    "{'max_tokens': 2, 'messages': [{'role': 'user', 'content': 'hi'}], " + field + "}")
                    .path("message").stringValue()).startsWith(name);
        }
    }

    @Test
    void otherMessages_areRefusedByPlace() throws Exception {
        try (TestServer server = new TestServer()) {
            String head = "{'max_tokens': 2, 'system': 'x', 'messages': [";
            assertThat(server.error(400, PATH, head + "{'role': 'user', 'content': [{'type': 'image'}]}]}")
                    .path("message").stringValue()).startsWith("messages[0].content[0].type: 'image'");
            assertThat(server.error(400, PATH, head + "{'role': 'system', 'content': 'hi'}]}").path("message")
                    .stringValue()).startsWith("messages[0].role: 'system'");
            assertThat(server.error(400, PATH, head + "{'role': 'assistant', 'content': 'hi'}]}").path("message")
                    .stringValue()).contains("cannot be continued");
        }
    }
}
