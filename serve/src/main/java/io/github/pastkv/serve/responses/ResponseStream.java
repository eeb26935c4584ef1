package io.github.pastkv.serve.responses;

import io.github.pastkv.serve.http.EventStream;
import io.github.pastkv.serve.openai.AnswerChoice;
import io.github.pastkv.serve.openai.StreamFormat;
import io.github.pastkv.serve.openai.Usage;
import io.github.pastkv.serve.request.ApiException;
import io.github.pastkv.serve.run.RunEvent;
import java.io.IOException;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** OpenAI's events of a response, numbered. */
final class ResponseStream implements StreamFormat {
    private final ResponseJson json;
    private final AnswerChoice choice = new AnswerChoice();
    private int numSent;
    private int numItems;
    private boolean isOpen; // the last item

    ResponseStream(ResponseJson json) {
        this.json = json;
    }

    private void send(EventStream stream, String type, ObjectNode event) throws IOException {
        stream.send(type, event.put("type", type).put("sequence_number", numSent++));
    }

    private static ObjectNode event() {
        return JsonMapper.shared().createObjectNode();
    }

    private void sendResponse(EventStream stream, String type, ObjectNode response) throws IOException {
        ObjectNode event = event();
        event.set("response", response);
        send(stream, type, event);
    }

    private void sendItem(EventStream stream, String type, ObjectNode item) throws IOException {
        ObjectNode event = event().put("output_index", numItems - 1);
        event.set("item", item);
        send(stream, type, event);
    }

    private void sendPart(EventStream stream, String type) throws IOException {
        ObjectNode event = inItem();
        event.set("part", json.part(choice));
        send(stream, type, event);
    }

    private ObjectNode inItem() {
        return event().put("item_id", json.messageId()).put("output_index", numItems - 1).put("content_index", 0);
    }

    @Override
    public void begin(EventStream stream) throws IOException {
        sendResponse(stream, "response.created", json.begun());
        sendResponse(stream, "response.in_progress", json.begun());
    }

    private void openMessage(EventStream stream) throws IOException {
        numItems++;
        isOpen = true;
        sendItem(stream, "response.output_item.added", json.emptyMessage());
        sendPart(stream, "response.content_part.added");
    }

    @Override
    public void piece(EventStream stream, RunEvent.Piece piece) throws IOException {
        switch (piece) {
            case RunEvent.Text text -> text(stream, text);
            case RunEvent.CallStarted call -> {
                closeItem(stream, "completed");
                choice.add(call);
                numItems++;
                isOpen = true;
                sendItem(stream, "response.output_item.added",
                        ResponseJson.call(choice.calls().getLast(), "in_progress"));
            }
            case RunEvent.CallArguments arguments -> {
                choice.add(arguments);
                send(stream, "response.function_call_arguments.delta", inCall().put("delta", arguments.json()));
            }
        }
    }

    private ObjectNode inCall() {
        return event().put("item_id", ResponseJson.callId(choice.calls().getLast())).put("output_index", numItems - 1);
    }

    private void text(EventStream stream, RunEvent.Text text) throws IOException {
        AnswerChoice delta = new AnswerChoice();
        delta.add(text);
        choice.add(text);
        if ((text.text().isEmpty() && !json.hasLogProbabilities()) || !choice.calls().isEmpty()) {
            return; // tokens without a text of their own
        }
        if (!isOpen) {
            openMessage(stream);
        }
        ObjectNode event = inItem().put("delta", text.text());
        event.set("logprobs", json.logProbabilities(delta));
        send(stream, "response.output_text.delta", event);
    }

    @Override
    public void choiceEnded(EventStream stream, RunEvent.ChoiceEnded ended) throws IOException {
        choice.end(ended.reason());
        if (numItems == 0) {
            openMessage(stream);
        }
        closeItem(stream, ResponseJson.isCut(choice) ? "incomplete" : "completed");
    }

    private void closeItem(EventStream stream, String status) throws IOException {
        if (isOpen && choice.calls().isEmpty()) {
            closeMessage(stream, status);
        } else if (isOpen) {
            AnswerChoice.Call call = choice.calls().getLast();
            send(stream, "response.function_call_arguments.done",
                    inCall().put("name", call.name()).put("arguments", call.arguments().toString()));
            sendItem(stream, "response.output_item.done", ResponseJson.call(call, status));
        }
        isOpen = false;
    }

    private void closeMessage(EventStream stream, String status) throws IOException {
        ObjectNode event = inItem().put("text", choice.text());
        event.set("logprobs", json.logProbabilities(choice));
        send(stream, "response.output_text.done", event);
        sendPart(stream, "response.content_part.done");
        sendItem(stream, "response.output_item.done", json.message(choice, status));
    }

    @Override
    public void end(EventStream stream, Usage usage) throws IOException {
        sendResponse(stream, ResponseJson.isCut(choice) ? "response.incomplete" : "response.completed",
                json.ended(choice, usage));
    }

    @Override
    public void failed(EventStream stream, ApiException error) throws IOException {
        sendResponse(stream, "response.failed",
                json.failed(error));
    }
}
