package io.github.pastkv.serve.http;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import tools.jackson.databind.JsonNode;

/** A response of server-sent events. For one thread at a time. */
public final class EventStream {
    private final OutputStream out;

    EventStream(OutputStream out) {
        this.out = out;
    }

    /** Sends an event whose data is JSON. */
    public void send(JsonNode data) throws IOException {
        write("data: " + data + "\n\n");
    }

    /** Sends an event of a type, as Anthropic's and OpenAI's later interfaces name them. */
    public void send(String type, JsonNode data) throws IOException {
        write("event: " + type + "\ndata: " + data + "\n\n");
    }

    /** Sends the event that ends a stream of OpenAI's. */
    public void sendDone() throws IOException {
        write("data: [DONE]\n\n");
    }

    /** Sends a comment, which clients skip: it keeps the connection from timing out. */
    public void ping() throws IOException {
        write(": ping\n\n");
    }

    private void write(String text) throws IOException {
        try {
            out.write(text.getBytes(StandardCharsets.UTF_8));
            out.flush();
        } catch (IOException e) {
            throw (ClientGoneException) new ClientGoneException().initCause(e);
        }
    }
}
