package io.github.pastkv.langchain4j;

import static dev.langchain4j.internal.InternalStreamingChatResponseHandlerUtils.onCompleteResponse;
import static dev.langchain4j.internal.InternalStreamingChatResponseHandlerUtils.onPartialResponse;
import static dev.langchain4j.internal.InternalStreamingChatResponseHandlerUtils.withLoggingExceptions;

import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.chat.response.StreamingHandle;
import io.github.pastkv.model.generation.Cancellation;
import io.github.pastkv.model.generation.GenerationListener;

/**
 * A streamed request. Exceptions of its handler are given to the handler, and the stream goes on, as in LangChain4j's
 * other models.
 */
final class ChatStream implements Runnable, GenerationListener, StreamingHandle {
    private final ChatBackend backend;
    private final ChatBackend.Prepared request;
    private final StreamingChatResponseHandler handler;
    private final Cancellation cancellation = new Cancellation();
    private volatile boolean canceledByHandler;

    ChatStream(ChatBackend backend, ChatBackend.Prepared request, StreamingChatResponseHandler handler) {
        this.backend = backend;
        this.request = request;
        this.handler = handler;
    }

    @Override
    public void run() {
        try {
            ChatResponse response = backend.run(request, cancellation, this);
            if (!canceledByHandler) {
                onCompleteResponse(handler, response);
            }
        } catch (RuntimeException | Error e) {
            if (!canceledByHandler) {
                withLoggingExceptions(() -> handler.onError(e));
            }
            if (e instanceof Error error) {
                throw error;
            }
        }
    }

    @Override
    public void onText(int row, String text) {
        if (!canceledByHandler) {
            onPartialResponse(handler, text, this);
        }
    }

    @Override
    public void cancel() {
        canceledByHandler = true;
        cancellation.cancel();
    }

    @Override
    public boolean isCancelled() {
        return canceledByHandler;
    }
}
