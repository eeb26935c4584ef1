package io.github.pastkv.langchain4j;

import static dev.langchain4j.internal.InternalStreamingChatResponseHandlerUtils.onCompleteResponse;
import static dev.langchain4j.internal.InternalStreamingChatResponseHandlerUtils.onCompleteToolCall;
import static dev.langchain4j.internal.InternalStreamingChatResponseHandlerUtils.onPartialResponse;
import static dev.langchain4j.internal.InternalStreamingChatResponseHandlerUtils.onPartialToolCall;
import static dev.langchain4j.internal.InternalStreamingChatResponseHandlerUtils.withLoggingExceptions;

import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialToolCall;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.chat.response.StreamingHandle;
import io.github.pastkv.chat.tools.ToolCall;
import io.github.pastkv.chat.tools.ToolCallListener;
import io.github.pastkv.model.generation.Cancellation;
import io.github.pastkv.model.generation.GenerationListener;

/**
 * A streamed request. Exceptions of its handler are given to the handler, and the stream goes on, as in LangChain4j's
 * other models.
 */
final class ChatStream implements Runnable, GenerationListener, ToolCallListener, StreamingHandle {
    private final ChatBackend backend;
    private final ChatBackend.Prepared request;
    private final StreamingChatResponseHandler handler;
    private final Cancellation cancellation = new Cancellation();
    private final StringBuilder pending = new StringBuilder(); // arguments that say nothing yet: blanks, a bracket
    private String callId = "";
    private String callName = "";
    private volatile boolean canceledByHandler;

    ChatStream(ChatBackend backend, ChatBackend.Prepared request, StreamingChatResponseHandler handler) {
        this.backend = backend;
        this.request = request;
        this.handler = handler;
    }

    @Override
    public void run() {
        try {
            ChatResponse response = backend.run(request, cancellation, this, this);
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
    public void onCallStarted(int index, String id, String name) {
        callId = id;
        callName = name;
        pending.setLength(0);
    }

    @Override
    public void onArguments(int index, String json) {
        pending.append(json);
        if (!pending.toString().isBlank() && !pending.toString().strip().equals("{")) {
            sendArguments(index);
        }
    }

    private void sendArguments(int index) {
        String part = pending.toString();
        pending.setLength(0);
        if (!canceledByHandler && !part.isBlank()) {
            onPartialToolCall(handler, PartialToolCall.builder().index(index).id(callId).name(callName)
                    .partialArguments(part).build(), this);
        }
    }

    @Override
    public void onCallEnded(int index, ToolCall call) {
        sendArguments(index);
        if (!canceledByHandler) {
            onCompleteToolCall(handler, new CompleteToolCall(index, ChatBackend.request(call)));
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
