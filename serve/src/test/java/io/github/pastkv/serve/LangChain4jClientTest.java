package io.github.pastkv.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.http.client.jdk.JdkHttpClient;
import dev.langchain4j.http.client.jdk.JdkHttpClientBuilder;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import dev.langchain4j.model.output.FinishReason;
import java.net.http.HttpClient;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** LangChain4j's client, over HTTP/1.1 and with Java's upgrade to HTTP/2. */
final class LangChain4jClientTest {
    private static JdkHttpClientBuilder http(HttpClient.Version version) {
        return JdkHttpClient.builder().httpClientBuilder(HttpClient.newBuilder().version(version));
    }

    @ParameterizedTest
    @EnumSource(value = HttpClient.Version.class, names = {"HTTP_1_1", "HTTP_2"})
    void wholeAndStreamedAnswers_areEqual(HttpClient.Version version) throws Exception {
        try (TestServer server = new TestServer()) {
            OpenAiChatModel model = OpenAiChatModel.builder().baseUrl(server.uri("/v1").toString()).apiKey("none")
                    .modelName(TestServer.MODEL).maxTokens(10).seed(3).httpClientBuilder(http(version)).build();
            OpenAiStreamingChatModel streaming = OpenAiStreamingChatModel.builder()
                    .baseUrl(server.uri("/v1").toString()).apiKey("none").modelName(TestServer.MODEL).maxTokens(10)
                    .seed(3).httpClientBuilder(http(version)).build();

            String whole = model.chat("Once upon a time");
            Answer answer = new Answer();
            streaming.chat("Once upon a time", answer);
            ChatResponse response = answer.response.get();

            assertThat(answer.text).hasToString(whole);
            assertThat(response.aiMessage().text()).isEqualTo(whole);
            assertThat(response.finishReason()).isEqualTo(FinishReason.LENGTH);
            assertThat(response.tokenUsage().outputTokenCount()).isEqualTo(10);
        }
    }

    @ParameterizedTest
    @EnumSource(value = HttpClient.Version.class, names = {"HTTP_1_1", "HTTP_2"})
    void refusal_isAnExceptionWithItsMessage(HttpClient.Version version) throws Exception {
        try (TestServer server = new TestServer()) {
            OpenAiChatModel model = OpenAiChatModel.builder().baseUrl(server.uri("/v1").toString()).apiKey("none")
                    .modelName(TestServer.MODEL).maxTokens(5000).httpClientBuilder(http(version)).build();

            assertThatThrownBy(() -> model.chat("Once upon a time")).isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("context_length_exceeded");
        }
    }

    @ParameterizedTest
    @EnumSource(value = HttpClient.Version.class, names = {"HTTP_1_1", "HTTP_2"})
    void toolCall_isMade_andItsResultSentBack(HttpClient.Version version) throws Exception {
        try (TestServer server = new TestServer()) {
            OpenAiChatModel model = OpenAiChatModel.builder().baseUrl(server.uri("/v1").toString()).apiKey("none")
                    .modelName(TestServer.MODEL).maxTokens(100).seed(3).httpClientBuilder(http(version)).build();
            OpenAiStreamingChatModel streaming = OpenAiStreamingChatModel.builder()
                    .baseUrl(server.uri("/v1").toString()).apiKey("none").modelName(TestServer.MODEL).maxTokens(100)
                    .seed(3).httpClientBuilder(http(version)).build();
            ToolSpecification weather = ToolSpecification.builder().name("get_weather").parameters(JsonObjectSchema
                    .builder().addEnumProperty("city", List.of("Bonn", "Rome")).required("city").build()).build();
            UserMessage question = UserMessage.from("How is the weather?");
            ChatRequest request = ChatRequest.builder().messages(question).toolSpecifications(weather)
                    .toolChoice(ToolChoice.REQUIRED).build();

            AiMessage asked = model.chat(request).aiMessage();
            Answer answer = new Answer();
            streaming.chat(request, answer);
            ChatResponse streamed = answer.response.get();

            ToolExecutionRequest call = asked.toolExecutionRequests().getFirst();
            assertThat(call.name()).isEqualTo("get_weather");
            assertThat(call.arguments()).matches("\\{\"city\": \"(Bonn|Rome)\"}");
            assertThat(streamed.aiMessage().toolExecutionRequests().getFirst().arguments()).isEqualTo(call.arguments());
            assertThat(streamed.finishReason()).isEqualTo(FinishReason.TOOL_EXECUTION);
            ChatRequest result = ChatRequest.builder()
                    .messages(question, asked, ToolExecutionResultMessage.from(call, "It rains."))
                    .toolSpecifications(weather).toolChoice(ToolChoice.NONE).build();
            assertThat(model.chat(result).aiMessage().text()).isNotEmpty();
        }
    }

    /** Collects a stream. */
    private static final class Answer implements StreamingChatResponseHandler {
        final StringBuilder text = new StringBuilder();
        final CompletableFuture<ChatResponse> response = new CompletableFuture<>();

        @Override
        public void onPartialResponse(String part) {
            text.append(part);
        }

        @Override
        public void onCompleteResponse(ChatResponse complete) {
            response.complete(complete);
        }

        @Override
        public void onError(Throwable error) {
            response.completeExceptionally(error);
        }
    }
}
