package io.github.pastkv.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.RateLimitException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class PastKvStreamingChatModelTest {
    private static final String QUESTION = "Once upon a time";

    private static PastKvStreamingChatModel.Builder builder() {
        return PastKvStreamingChatModel.builder().model(TestModel.model()).seed(7L).maxTokens(20);
    }

    /** Collects an answer. */
    private static class Answer implements StreamingChatResponseHandler {
        final StringBuilder text = new StringBuilder();
        final Set<Thread> threads = ConcurrentHashMap.newKeySet();
        final CompletableFuture<ChatResponse> response = new CompletableFuture<>();

        @Override
        public void onPartialResponse(String part) {
            text.append(part);
            threads.add(Thread.currentThread());
        }

        @Override
        public void onCompleteResponse(ChatResponse complete) {
            threads.add(Thread.currentThread());
            response.complete(complete);
        }

        @Override
        public void onError(Throwable error) {
            response.completeExceptionally(error);
        }
    }

    /** Does something at each text. */
    private static final class Acting extends Answer {
        private final Consumer<PartialResponseContext> action;

        Acting(Consumer<PartialResponseContext> action) {
            this.action = action;
        }

        @Override
        public void onPartialResponse(PartialResponse part, PartialResponseContext context) {
            onPartialResponse(part.text());
            action.accept(context);
        }
    }

    @Test
    void stream_isTheWholeAnswer_fromOneOtherThread() throws Exception {
        try (PastKvStreamingChatModel streaming = builder().build();
                PastKvChatModel whole = PastKvChatModel.builder().model(TestModel.model()).seed(7L).maxTokens(20)
                        .build()) {
            Answer answer = new Answer();
            streaming.chat(QUESTION, answer);
            ChatResponse response = answer.response.get();

            assertThat(answer.text).hasToString(whole.chat(QUESTION)).hasToString(response.aiMessage().text());
            assertThat(answer.threads).hasSize(1).doesNotContain(Thread.currentThread());
            assertThat(response.tokenUsage()).isInstanceOf(PastKvTokenUsage.class);
            assertThat(response.tokenUsage().outputTokenCount()).isEqualTo(20);
        }
    }

    @Test
    void requestsOfManyThreads_getTheirOwnAnswers() throws Exception {
        try (PastKvStreamingChatModel streaming = builder().build()) {
            Answer[] answers = new Answer[6];
            for (int i = 0; i < answers.length; i++) {
                answers[i] = new Answer();
                streaming.chat(i % 2 == 0 ? QUESTION : "Mary", answers[i]);
            }
            for (int i = 2; i < answers.length; i++) {
                assertThat(answers[i].response.get().aiMessage().text())
                        .isEqualTo(answers[i % 2].response.get().aiMessage().text());
            }
        }
    }

    @Test
    void cancel_endsTheGeneration_andNothingIsCalledAfterIt() throws Exception {
        CompletableFuture<String> textAtCancel = new CompletableFuture<>();
        PastKvStreamingChatModel streaming = builder().maxTokens(500).build();
        Acting answer = new Acting(context -> {
            context.streamingHandle().cancel();
            textAtCancel.complete(context.streamingHandle().isCancelled() ? "canceled" : "running");
        });
        streaming.chat(QUESTION, answer);

        assertThat(textAtCancel.get()).isEqualTo("canceled");
        int numChars = answer.text.length();
        streaming.close(); // waits for the generation
        assertThat(answer.text).hasSize(numChars);
        assertThat(answer.response).isNotDone();
    }

    @Test
    void close_cancelsStreams_whoseHandlersGetAnError() throws Exception {
        Held held = new Held();
        PastKvStreamingChatModel streaming = builder().generationOptions(held.options()).build();
        Answer answer = new Answer();
        streaming.chat(QUESTION, answer);
        held.await();
        streaming.close();

        assertThatThrownBy(answer.response::get).hasCauseInstanceOf(CancellationException.class);
        assertThatThrownBy(() -> streaming.chat(QUESTION, new Answer())).isInstanceOf(IllegalStateException.class)
                .hasMessage("the model is closed");
    }

    @Test
    void close_inAHandler_isRefused() throws Exception {
        CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        try (PastKvStreamingChatModel streaming = builder().build()) {
            Runnable close = streaming::close;
            Acting answer = new Acting(_ -> {
                try {
                    close.run();
                    thrown.complete(new AssertionError("has closed"));
                } catch (IllegalStateException e) {
                    thrown.complete(e);
                }
            });
            streaming.chat(QUESTION, answer);

            assertThat(thrown.get()).hasMessage("close: called by a request of this model");
            assertThat(answer.response.get().aiMessage().text()).isNotEmpty();
        }
    }

    @Test
    void refusals_areThrownAtOnce_andErrorsGoToTheHandler() {
        try (PastKvStreamingChatModel streaming = builder().build()) {
            ChatRequest request = ChatRequest.builder().messages(UserMessage.from("x"))
                    .parameters(ChatRequestParameters.builder().modelName("gpt").build()).build();
            Answer refused = new Answer();
            assertThatThrownBy(() -> streaming.chat(request, refused))
                    .isExactlyInstanceOf(UnsupportedFeatureException.class);

            Answer tooLong = new Answer();
            streaming.chat("word ".repeat(5000), tooLong);
            assertThatThrownBy(tooLong.response::get).hasCauseInstanceOf(InvalidRequestException.class);
        }
    }

    @Test
    void executor_thatAcceptsNothing_isAnError() {
        try (PastKvStreamingChatModel streaming = builder().executor(_ -> {
            throw new RejectedExecutionException("full");
        }).build()) {
            assertThatThrownBy(() -> streaming.chat(QUESTION, new Answer())).isInstanceOf(RateLimitException.class)
                    .hasMessage("the executor accepts no request: full");
        }
    }
}
