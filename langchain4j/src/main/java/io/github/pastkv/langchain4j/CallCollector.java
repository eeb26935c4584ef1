package io.github.pastkv.langchain4j;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import io.github.pastkv.chat.tools.ToolCall;
import io.github.pastkv.chat.tools.ToolCallListener;
import java.util.ArrayList;
import java.util.List;

/** Collects the calls of an answer, with their arguments as they were generated, and passes all events on. */
final class CallCollector implements ToolCallListener {
    private final ToolCallListener listener;
    private final List<ToolExecutionRequest> requests = new ArrayList<>();

    CallCollector(ToolCallListener listener) {
        this.listener = listener;
    }

    List<ToolExecutionRequest> requests() {
        return requests;
    }

    @Override
    public void onCallStarted(int index, String id, String name) {
        listener.onCallStarted(index, id, name);
    }

    @Override
    public void onArguments(int index, String json) {
        listener.onArguments(index, json);
    }

    @Override
    public void onCallEnded(int index, ToolCall call) {
        requests.add(ChatBackend.request(call));
        listener.onCallEnded(index, call);
    }
}
