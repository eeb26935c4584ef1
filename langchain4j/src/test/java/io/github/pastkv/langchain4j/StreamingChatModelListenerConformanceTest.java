package io.github.pastkv.langchain4j;

import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.common.AbstractStreamingChatModelListenerIT;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import io.github.pastkv.model.SessionOptions;
import java.util.List;

/** LangChain4j's tests of the listeners of streaming chat models. */
class StreamingChatModelListenerConformanceTest extends AbstractStreamingChatModelListenerIT {
    private PastKvStreamingChatModel.Builder builder(ChatModelListener listener) {
        return PastKvStreamingChatModel.builder().model(TestModel.model()).temperature(temperature()).topP(topP())
                .maxTokens(maxTokens()).listeners(List.of(listener));
    }

    @Override
    protected StreamingChatModel createModel(ChatModelListener listener) {
        return builder(listener).build();
    }

    @Override
    protected String modelName() {
        return TestModel.NAME;
    }

    /** No message fits into its context. */
    @Override
    protected StreamingChatModel createFailingModel(ChatModelListener listener) {
        return builder(listener).sessionOptions(SessionOptions.defaults().withMaxSeqLen(1)).build();
    }

    @Override
    protected Class<? extends Exception> expectedExceptionClass() {
        return InvalidRequestException.class;
    }
}
