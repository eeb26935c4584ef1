package io.github.pastkv.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.anthropic.client.AnthropicClient;
import com.anthropic.client.okhttp.AnthropicOkHttpClient;
import com.anthropic.core.JsonValue;
import com.anthropic.helpers.MessageAccumulator;
import com.anthropic.models.messages.ContentBlockParam;
import com.anthropic.models.messages.Message;
import com.anthropic.models.messages.MessageCreateParams;
import com.anthropic.models.messages.RawMessageStreamEvent;
import com.anthropic.models.messages.StopReason;
import com.anthropic.models.messages.Tool;
import com.anthropic.models.messages.ToolChoiceAny;
import com.anthropic.models.messages.ToolChoiceNone;
import com.anthropic.models.messages.ToolResultBlockParam;
import com.anthropic.models.messages.ToolUseBlock;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.helpers.ResponseAccumulator;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionMessageFunctionToolCall;
import com.openai.models.chat.completions.ChatCompletionToolChoiceOption;
import com.openai.models.chat.completions.ChatCompletionToolMessageParam;
import com.openai.models.responses.EasyInputMessage;
import com.openai.models.responses.FunctionTool;
import com.openai.models.responses.Response;
import com.openai.models.responses.ResponseCreateParams;
import com.openai.models.responses.ResponseFunctionToolCall;
import com.openai.models.responses.ResponseInputItem;
import com.openai.models.responses.ResponseStreamEvent;
import com.openai.models.responses.ToolChoiceOptions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Calls of tools by the clients of OpenAI and Anthropic, whose results go back. */
final class ToolClientsTest {
    private static final String ARGUMENTS = "\\{\"city\":\\s*\"(Bonn|Rome)\"}";
    private static final Map<String, Object> CITY = Map.of("city", Map.of("enum", List.of("Bonn", "Rome")));
    private static TestServer server;

    @BeforeAll
    static void start() throws Exception {
        server = new TestServer();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static OpenAIClient openAi() {
        return OpenAIOkHttpClient.builder().baseUrl(server.uri("/v1").toString()).apiKey("none").build();
    }

    @Test
    void chat() {
        FunctionParameters parameters = FunctionParameters.builder()
                .putAdditionalProperty("type", com.openai.core.JsonValue.from("object"))
                .putAdditionalProperty("properties", com.openai.core.JsonValue.from(CITY))
                .putAdditionalProperty("required", com.openai.core.JsonValue.from(List.of("city")))
                .putAdditionalProperty("additionalProperties", com.openai.core.JsonValue.from(false)).build();
        ChatCompletionCreateParams.Builder params = ChatCompletionCreateParams.builder().model(TestServer.MODEL)
                .addUserMessage("How is the weather?").maxCompletionTokens(100).temperature(0)
                .addFunctionTool(FunctionDefinition.builder().name("get_weather").strict(true).parameters(parameters)
                        .build());
        ChatCompletionCreateParams required =
                params.toolChoice(ChatCompletionToolChoiceOption.Auto.REQUIRED)
                        .parallelToolCalls(false).build();
        ChatCompletion answer = openAi().chat().completions().create(required).validate();
        ChatCompletionAccumulator streamed = ChatCompletionAccumulator.create();
        try (com.openai.core.http.StreamResponse<ChatCompletionChunk> stream =
                openAi().chat().completions().createStreaming(required)) {
            stream.stream().forEach(chunk -> streamed.accumulate(chunk.validate()));
        }

        ChatCompletion.Choice choice = answer.choices().getFirst();
        ChatCompletionMessageFunctionToolCall call =
                choice.message().toolCalls().orElseThrow().getFirst().asFunction();
        assertThat(choice.finishReason()).isEqualTo(ChatCompletion.Choice.FinishReason.TOOL_CALLS);
        assertThat(call.function().name()).isEqualTo("get_weather");
        assertThat(call.function().arguments()).matches(ARGUMENTS);
        ChatCompletion.Choice streamedChoice = streamed.chatCompletion().choices().getFirst();
        assertThat(streamedChoice.message().toolCalls().orElseThrow().getFirst().asFunction().function())
                .isEqualTo(call.function());
        ChatCompletion next = openAi().chat().completions().create(params
                .toolChoice(ChatCompletionToolChoiceOption.Auto.NONE)
                .addMessage(choice.message()).addMessage(ChatCompletionToolMessageParam.builder()
                        .toolCallId(call.id()).content("It rains.").build())
                .build());
        assertThat(next.choices().getFirst().message().content()).isPresent();
    }

    @Test
    void responses() {
        ResponseCreateParams.Builder params = ResponseCreateParams.builder().model(TestServer.MODEL)
                .maxOutputTokens(100).temperature(0.0)
                .addTool(FunctionTool.builder().name("get_weather").strict(true).parameters(
                        FunctionTool.Parameters.builder()
                                .putAdditionalProperty("type", com.openai.core.JsonValue.from("object"))
                                .putAdditionalProperty("properties", com.openai.core.JsonValue.from(CITY))
                                .putAdditionalProperty("required", com.openai.core.JsonValue.from(List.of("city")))
                                .build())
                        .build());
        ResponseCreateParams required = params.input("How is the weather?").toolChoice(ToolChoiceOptions.REQUIRED)
                .parallelToolCalls(false).build();
        Response whole = openAi().responses().create(required).validate();
        ResponseAccumulator streamed = ResponseAccumulator.create();
        try (com.openai.core.http.StreamResponse<ResponseStreamEvent> stream =
                openAi().responses().createStreaming(required)) {
            stream.stream().forEach(event -> streamed.accumulate(event.validate()));
        }

        ResponseFunctionToolCall call = whole.output().getFirst().asFunctionCall();
        assertThat(call.arguments()).matches(ARGUMENTS);
        assertThat(streamed.response().output().getFirst().asFunctionCall().arguments()).isEqualTo(call.arguments());
        Response next = openAi().responses().create(params.toolChoice(ToolChoiceOptions.NONE)
                .inputOfResponse(List.of(
                        ResponseInputItem.ofEasyInputMessage(EasyInputMessage.builder()
                                .role(EasyInputMessage.Role.USER)
                                .content("How is the weather?").build()),
                        ResponseInputItem.ofFunctionCall(call),
                        ResponseInputItem.ofFunctionCallOutput(ResponseInputItem.FunctionCallOutput.builder()
                                .callId(call.callId()).output("It rains.").build())))
                .build());
        assertThat(next.output().getFirst().isMessage()).isTrue();
    }

    @Test
    void messages() {
        AnthropicClient client =
                AnthropicOkHttpClient.builder().baseUrl(server.uri("").toString()).apiKey("none").build();
        MessageCreateParams.Builder params = MessageCreateParams.builder().model(TestServer.MODEL).maxTokens(100)
                .putAdditionalBodyProperty("temperature", JsonValue.from(0)).addUserMessage("How is the weather?")
                .addTool(Tool.builder().name("get_weather").inputSchema(Tool.InputSchema.builder()
                        .properties(Tool.InputSchema.Properties.builder()
                                .putAdditionalProperty("city", JsonValue.from(CITY.get("city"))).build())
                        .required(List.of("city")).build()).build());
        MessageCreateParams required =
                params.toolChoice(ToolChoiceAny.builder().build()).build();
        Message whole = client.messages().create(required).validate();
        MessageAccumulator streamed = MessageAccumulator.create();
        try (com.anthropic.core.http.StreamResponse<RawMessageStreamEvent> stream =
                client.messages().createStreaming(required)) {
            stream.stream().forEach(event -> streamed.accumulate(event.validate()));
        }

        ToolUseBlock call = whole.content().getFirst().asToolUse();
        assertThat(whole.stopReason()).hasValue(StopReason.TOOL_USE);
        assertThat(call._input().convert(Map.class).toString()).matches("\\{city=(Bonn|Rome)}");
        assertThat(streamed.message().content().getFirst().asToolUse()._input()).isEqualTo(call._input());
        Message next = client.messages().create(params
                .toolChoice(ToolChoiceNone.builder().build()).addMessage(whole)
                .addUserMessageOfContentBlockParams(
                        List.of(ContentBlockParam.ofToolResult(ToolResultBlockParam.builder()
                                .toolUseId(call.id()).content("It rains.").isError(false).build())))
                .build());
        assertThat(next.content().getFirst().isText()).isTrue();
    }
}
