package io.github.pastkv.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.memory.chat.TokenWindowChatMemory;
import io.github.pastkv.chat.Chat;
import io.github.pastkv.chat.ChatTemplate;
import io.github.pastkv.chat.PlainFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class PastKvTokenCountEstimatorTest {
    private static final List<ChatMessage> MESSAGES = List.of(SystemMessage.from("Be kind."), UserMessage.from("Hi"),
            AiMessage.from("Hello there"), UserMessage.from("Once upon a time"));

    @Test
    void countOfMessages_isThatOfThePrompt() throws Exception {
        Chat chat = Chat.of(TestModel.model());
        PastKvTokenCountEstimator estimator = new PastKvTokenCountEstimator(chat);
        try (PastKvChatModel model = PastKvChatModel.builder().chat(chat).maxTokens(1).build()) {
            assertThat(chat.format()).isInstanceOf(ChatTemplate.class);
            assertThat(estimator.estimateTokenCountInMessages(MESSAGES))
                    .isEqualTo(model.chat(MESSAGES).tokenUsage().inputTokenCount());
            assertThat(estimator.estimateTokenCountInMessages(List.of())).isZero();
            assertThat(estimator.estimateTokenCountInText("Once upon a time")).isBetween(3, 8);
            assertThat(estimator.estimateTokenCountInMessage(UserMessage.from("Once upon a time")))
                    .isGreaterThan(estimator.estimateTokenCountInText("Once upon a time"));
        }
    }

    @Test
    void memory_evictsByTheseCounts() {
        PastKvTokenCountEstimator estimator =
                new PastKvTokenCountEstimator(new Chat(TestModel.model(), PlainFormat.of(TestModel.model())));
        int limit = estimator.estimateTokenCountInMessages(MESSAGES.subList(2, 4));
        TokenWindowChatMemory memory = TokenWindowChatMemory.withMaxTokens(limit, estimator);
        MESSAGES.subList(1, 4).forEach(memory::add);

        assertThat(memory.messages()).isEqualTo(MESSAGES.subList(2, 4));
    }
}
