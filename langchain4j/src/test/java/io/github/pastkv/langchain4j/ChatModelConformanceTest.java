package io.github.pastkv.langchain4j;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.common.AbstractChatModelIT;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.output.TokenUsage;
import java.util.List;

/** LangChain4j's tests that every chat model must pass. The answers that need knowledge are {@link Script scripted}. */
class ChatModelConformanceTest extends AbstractChatModelIT {
    private static PastKvChatModel.Builder builder() {
        return PastKvChatModel.builder().model(TestModel.model()).temperature(0.0)
                .generationOptions(Scripts.chat().options());
    }

    @Override
    protected List<ChatModel> models() {
        return List.of(builder().build());
    }

    @Override
    protected ChatModel createModelWith(ChatRequestParameters parameters) {
        return builder().defaultRequestParameters(parameters).build();
    }

    @Override
    protected ChatRequestParameters createIntegrationSpecificParameters(int maxOutputTokens) {
        return PastKvChatRequestParameters.builder().maxOutputTokens(maxOutputTokens).build();
    }

    /** A model has one name. */
    @Override
    protected boolean supportsModelNameParameter() {
        return false;
    }

    @Override
    protected boolean supportsSingleImageInputAsBase64EncodedString() {
        return false;
    }

    @Override
    protected boolean supportsSingleImageInputAsPublicURL() {
        return false;
    }

    @Override
    protected Class<? extends TokenUsage> tokenUsageType(ChatModel model) {
        return PastKvTokenUsage.class;
    }
}
