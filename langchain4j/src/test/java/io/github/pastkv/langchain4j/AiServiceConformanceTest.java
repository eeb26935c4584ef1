package io.github.pastkv.langchain4j;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.output.TokenUsage;
import dev.langchain4j.service.common.AbstractAiServiceIT;
import java.util.List;

/** LangChain4j's tests of AI services. The answers that need knowledge are {@link Script scripted}. */
class AiServiceConformanceTest extends AbstractAiServiceIT {
    @Override
    protected List<ChatModel> models() {
        return List.of(PastKvChatModel.builder().model(TestModel.model()).temperature(0.0)
                .generationOptions(Scripts.services().options()).build());
    }

    @Override
    protected Class<? extends TokenUsage> tokenUsageType(ChatModel model) {
        return PastKvTokenUsage.class;
    }
}
