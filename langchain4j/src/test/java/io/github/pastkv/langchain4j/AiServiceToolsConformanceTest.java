package io.github.pastkv.langchain4j;

import dev.langchain4j.data.image.Image;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.service.common.AbstractAiServiceWithToolsIT;
import java.util.List;

/** LangChain4j's tests of AI services with tools. The answers that need knowledge are {@link Script scripted}. */
class AiServiceToolsConformanceTest extends AbstractAiServiceWithToolsIT {
    @Override
    protected List<ChatModel> models() {
        return List.of(PastKvChatModel.builder().model(TestModel.model()).temperature(0.0)
                .generationOptions(Scripts.tools().options()).build());
    }

    @Override
    protected boolean supportsRecursion() {
        return true;
    }

    @Override
    protected boolean verifyModelInteractions() {
        return true;
    }

    /** Any picture: images are refused, and the suite's own is on the web. */
    @Override
    protected Image catImage() {
        return Image.builder().base64Data("iVBORw0KGgo=").mimeType("image/png").build();
    }
}
