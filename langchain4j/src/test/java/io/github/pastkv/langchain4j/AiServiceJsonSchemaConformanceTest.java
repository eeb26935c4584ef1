package io.github.pastkv.langchain4j;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.service.common.AbstractAiServiceWithJsonSchemaIT;
import java.util.List;

/**
 * LangChain4j's tests of AI services that return classes. The answers are {@link Script scripted}, each of them given
 * only if the grammar of its class's schema allows it.
 */
class AiServiceJsonSchemaConformanceTest extends AbstractAiServiceWithJsonSchemaIT {
    @Override
    protected List<ChatModel> models() {
        return List.of(PastKvChatModel.builder().model(TestModel.model()).temperature(0.0)
                .generationOptions(Scripts.services().options()).build());
    }

    @Override
    protected boolean supportsRecursion() {
        return true;
    }
}
