package io.github.pastkv.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.errors.RateLimitException;
import com.openai.errors.UnauthorizedException;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.completions.Completion;
import com.openai.models.completions.CompletionCreateParams;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** OpenAI's own client for Java. */
final class OpenAiClientTest {
    private static OpenAIClient client(TestServer server) {
        return OpenAIOkHttpClient.builder().baseUrl(server.uri("/v1").toString()).apiKey("none").build();
    }

    @SuppressWarnings("deprecation") // OpenAI deprecates seed; servers of one's own have it
    private static ChatCompletionCreateParams.Builder chat() {
        return ChatCompletionCreateParams.builder().model(TestServer.MODEL).addUserMessage("Once upon a time")
                .maxCompletionTokens(10).seed(3);
    }

    @Test
    void wholeAndStreamedAnswers_areEqual() throws Exception {
        try (TestServer server = new TestServer()) {
            OpenAIClient client = client(server);
            ChatCompletion whole =
                    client.chat().completions().create(chat().logprobs(true).topLogprobs(2).build()).validate();
            ChatCompletionAccumulator streamed = ChatCompletionAccumulator.create();
            try (StreamResponse<ChatCompletionChunk> stream = client.chat().completions().createStreaming(
                    chat().streamOptions(ChatCompletionStreamOptions.builder().includeUsage(true).build()).build())) {
                stream.stream().forEach(chunk -> streamed.accumulate(chunk.validate()));
            }

            ChatCompletion.Choice choice = streamed.chatCompletion().choices().getFirst();
            assertThat(choice.message().content()).isEqualTo(whole.choices().getFirst().message().content());
            assertThat(choice.finishReason()).isEqualTo(ChatCompletion.Choice.FinishReason.LENGTH);
            assertThat(streamed.chatCompletion().usage().orElseThrow().completionTokens()).isEqualTo(10);
            assertThat(
                    streamed.chatCompletion().usage().orElseThrow().promptTokensDetails().orElseThrow().cachedTokens())
                    .hasValue(3L);
            assertThat(whole.choices().getFirst().logprobs().orElseThrow().content().orElseThrow()).hasSize(10)
                    .allMatch(token -> token.topLogprobs().size() == 2);
            assertThat(client.models().list().data().getFirst().id()).isEqualTo(TestServer.MODEL);
            assertThat(client.models().retrieve(TestServer.MODEL).id()).isEqualTo(TestServer.MODEL);
        }
    }

    @Test
    void completions_withLogprobs() throws Exception {
        try (TestServer server = new TestServer()) {
            Completion completion = client(server).completions().create(CompletionCreateParams.builder()
                    .model(TestServer.MODEL).prompt("Once upon a time").maxTokens(4).logprobs(2).temperature(0).build())
                    .validate();

            assertThat(completion.choices().getFirst().text()).isEqualTo(", there was a");
            assertThat(completion.choices().getFirst().logprobs().orElseThrow().tokens().orElseThrow()).hasSize(4);
        }
    }

    @Test
    void earlyClose_endsTheRequest() throws Exception {
        try (TestServer server = new TestServer()) {
            try (StreamResponse<ChatCompletionChunk> stream = client(server).chat().completions()
                    .createStreaming(chat().maxCompletionTokens(1000).build())) {
                Iterator<ChatCompletionChunk> chunks = stream.stream().iterator();
                chunks.next();
                chunks.next();
            }
            server.awaitIdle();
        }
    }

    @Test
    void errors_areTheClientsExceptions(@TempDir Path folder) throws Exception {
        Path keys = Files.writeString(folder.resolve("keys"), "a-key-of-somebody-else somebody\n");
        try (TestServer server = new TestServer();
                TestServer locked = new TestServer(options -> options.withKeyFile(keys))) {
            OpenAIClient client = client(server);
            assertThatThrownBy(() -> client.chat().completions().create(chat().temperature(-1).build()))
                    .isInstanceOf(BadRequestException.class).hasMessageContaining("temperature: -1");
            assertThatThrownBy(() -> client.chat().completions().create(chat().maxCompletionTokens(5000).build()))
                    .isInstanceOfSatisfying(BadRequestException.class,
                            e -> assertThat(e.code()).hasValue("context_length_exceeded"));
            assertThatThrownBy(() -> client.chat().completions().create(chat().model("gpt-5").build()))
                    .isInstanceOf(NotFoundException.class);
            assertThatThrownBy(() -> client(locked).chat().completions().create(chat().build()))
                    .isInstanceOf(UnauthorizedException.class);
        }
    }

    @Test
    void fullQueue_isTriedAgain_andWithoutRetriesARateLimit() throws Exception {
        try (TestServer server = new TestServer(options -> options.withMaxRunning(1).withMaxWaiting(0))) {
            OpenAIClient impatient = OpenAIOkHttpClient.builder().baseUrl(server.uri("/v1").toString()).apiKey("none")
                    .maxRetries(0).build();
            boolean isRefused = false;
            while (!isRefused) { // on a slow machine the stream may have ended before it is in the way
                try (StreamResponse<ChatCompletionChunk> stream = impatient.chat().completions()
                        .createStreaming(chat().maxCompletionTokens(1000)
                                .putAdditionalBodyProperty("ignore_eos", JsonValue.from(true)).build())) {
                    assertThat(stream.stream().iterator().hasNext()).isTrue();
                    isRefused = isRefused(impatient);
                }
                server.awaitIdle();
            }
            assertThat(client(server).chat().completions().create(chat().build()).choices()).hasSize(1);
        }
    }

    private static boolean isRefused(OpenAIClient client) {
        try {
            client.chat().completions().create(chat().build());
            return false;
        } catch (RateLimitException e) {
            assertThat(e.code()).hasValue("queue_full");
            return true;
        }
    }
}
