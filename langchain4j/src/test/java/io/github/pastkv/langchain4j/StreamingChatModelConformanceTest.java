package io.github.pastkv.langchain4j;

import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.argThat;
import static org.mockito.Mockito.atLeast;

import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.common.AbstractStreamingChatModelIT;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.output.TokenUsage;
import java.util.List;
import org.mockito.InOrder;

/** LangChain4j's tests that streaming models must pass. Answers that need knowledge are {@link Script scripted}. */
class StreamingChatModelConformanceTest extends AbstractStreamingChatModelIT {
    private static PastKvStreamingChatModel.Builder builder() {
        return PastKvStreamingChatModel.builder().model(TestModel.model()).temperature(0.0)
                .generationOptions(Scripts.chat().options());
    }

    @Override
    protected List<StreamingChatModel> models() {
        return List.of(builder().build());
    }

    @Override
    protected StreamingChatModel createModelWith(ChatRequestParameters parameters) {
        return builder().defaultRequestParameters(parameters).build();
    }

    @Override
    public StreamingChatModel createModelWith(ChatModelListener listener) {
        return builder().listeners(List.of(listener)).build();
    }

    @Override
    protected void verifyToolCallbacks(StreamingChatResponseHandler handler, InOrder order, String id) {
        verifyCall(handler, order, complete(0, id, "getWeather", "{\"city\": \"Munich\"}"));
    }

    @Override
    protected void verifyToolCallbacks(StreamingChatResponseHandler handler, InOrder order, String id1, String id2) {
        verifyCall(handler, order, complete(0, id1, "getWeather", "{\"city\": \"Munich\"}"));
        verifyCall(handler, order, complete(1, id2, "getTime", "{\"country\": \"France\"}"));
    }

    private static void verifyCall(StreamingChatResponseHandler handler, InOrder order, CompleteToolCall call) {
        order.verify(handler, atLeast(1)).onPartialToolCall(argThat(part -> part.index() == call.index()), any());
        order.verify(handler).onCompleteToolCall(call);
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
    protected Class<? extends TokenUsage> tokenUsageType(StreamingChatModel model) {
        return PastKvTokenUsage.class;
    }
}
