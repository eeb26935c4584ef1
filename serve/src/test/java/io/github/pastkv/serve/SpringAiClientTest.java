package io.github.pastkv.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.errors.BadRequestException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.function.FunctionToolCallback;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

/** Spring AI's starter for OpenAI, set up by properties alone, as in an application. */
final class SpringAiClientTest {
    private static final String PROMPT = "Once upon a time";
    private static TestServer server;
    private static ConfigurableApplicationContext context;

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {}

    @BeforeAll
    static void start() throws Exception {
        server = new TestServer();
        context = new SpringApplicationBuilder(Application.class).web(WebApplicationType.NONE).run(
                "--spring.main.banner-mode=off", "--spring.ai.model.chat=openai",
                "--spring.ai.openai.base-url=" + server.uri("/v1"),
                "--spring.ai.openai.api-key=none", "--spring.ai.openai.chat.model=" + TestServer.MODEL,
                "--spring.ai.openai.chat.max-tokens=10", "--spring.ai.openai.chat.seed=3");
    }

    @AfterAll
    static void stop() {
        context.close();
        server.close();
    }

    private static ChatClient client() {
        return context.getBean(ChatClient.Builder.class).build();
    }

    @Test
    void wholeAndStreamedAnswers_areEqual() {
        ChatResponse whole = client().prompt(PROMPT).call().chatResponse();
        List<ChatResponse> parts = client().prompt(PROMPT).stream().chatResponse().collectList().block();

        String text = whole.getResult().getOutput().getText();
        assertThat(text).isNotEmpty();
        assertThat(whole.getResult().getMetadata().getFinishReason()).isEqualToIgnoringCase("length");
        assertThat(whole.getMetadata().getUsage().getCompletionTokens()).isEqualTo(10);
        assertThat(parts.stream().filter(part -> part.getResult() != null)
                .map(part -> String.valueOf(part.getResult().getOutput().getText())).collect(Collectors.joining()))
                .isEqualTo(text);
        assertThat(parts.getLast().getMetadata().getUsage().getCompletionTokens()).isEqualTo(10);
    }

    /** The model calls the tool, and the answer to the result is text. */
    @Test
    void toolCall_isMade_andItsResultSentBack() {
        List<String> asked = new ArrayList<>();
        ToolCallback weather = FunctionToolCallback.builder("get_weather", (Place place) -> {
            asked.add(place.city().name());
            return "It rains.";
        }).description("Weather of a city.").inputType(Place.class).inputSchema(PLACE).build();

        ChatResponse first = context.getBean(ChatModel.class).call(new Prompt("How is the weather?",
                OpenAiChatOptions.builder().model(TestServer.MODEL).toolCallbacks(weather).toolChoice("required")
                        .maxTokens(100)
                        .build()));

        AssistantMessage.ToolCall call = first.getResult().getOutput().getToolCalls().getFirst();
        assertThat(call.name()).isEqualTo("get_weather");
        assertThat(weather.call(call.arguments())).contains("It rains.");
        assertThat(asked).hasSize(1);
        ChatResponse second = context.getBean(ChatModel.class).call(new Prompt(
                List.of(new UserMessage("How is the weather?"), first.getResult().getOutput(),
                        ToolResponseMessage.builder().responses(List.of(
                                new ToolResponseMessage.ToolResponse(call.id(), call.name(), "It rains."))).build()),
                OpenAiChatOptions.builder().model(TestServer.MODEL).toolCallbacks(weather).toolChoice("none")
                        .maxTokens(10).build()));
        assertThat(second.getResult().getOutput().getText()).isNotEmpty();
    }

    /** Written out, as OpenAI's client brings an older version of the library that derives schemas. */
    private static final String PLACE = """
            {"type": "object", "properties": {"city": {"enum": ["BONN", "ROME"]}, "days": {"type": "integer",
            "minimum": 1, "maximum": 9}}, "required": ["city", "days"], "additionalProperties": false}""";

    /** Arguments of the tool. */
    record Place(City city, int days) {}

    /** Cities that the tool knows. */
    enum City {
        BONN,
        ROME
    }

    /** A subscriber that takes some parts and cancels closes the connection. */
    @Test
    void canceledStream_endsTheRequest() throws Exception {
        List<String> parts = client().prompt(PROMPT)
                .options(OpenAiChatOptions.builder().maxTokens(1000).extraBody(Map.of("ignore_eos", true)))
                .stream().content().take(2).collectList().block();

        assertThat(parts).hasSize(2);
        server.awaitIdle();
    }

    @Test
    void refusal_isAnExceptionWithItsMessage() {
        assertThatThrownBy(
                () -> client().prompt(PROMPT).options(OpenAiChatOptions.builder().maxTokens(5000)).call().content())
                .isInstanceOf(BadRequestException.class).hasMessageContaining("maximum context length is 1024");
    }
}
