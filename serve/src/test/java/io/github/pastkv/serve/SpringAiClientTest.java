package io.github.pastkv.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.errors.BadRequestException;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.openai.OpenAiChatOptions;
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
