package io.github.pastkv.serve.http;

import io.github.pastkv.serve.request.ApiException;
import io.github.pastkv.serve.request.Client;
import io.github.pastkv.serve.request.RequestFields;
import io.github.pastkv.serve.request.RequestJson;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** A request and its response. Blocking, for the thread that answers it. */
public final class Exchange {
    private static final int MAX_DROPPED_BYTES = 1 << 20;

    private final Request request;
    private final Response response;
    private final HttpOptions options;
    private final KeyHolder caller;
    private volatile boolean hasFailed;

    Exchange(Request request, Response response, HttpOptions options, KeyHolder caller) {
        this.request = request;
        this.response = response;
        this.options = options;
        this.caller = caller;
        request.addFailureListener(_ -> hasFailed = true); // HTTP/2 tells of clients that leave, HTTP/1.1 does not
    }

    /** The path, decoded. */
    public String path() {
        return Request.getPathInContext(request);
    }

    /** A header of the request. */
    public @Nullable String header(String name) {
        return request.getHeaders().get(name);
    }

    /**
     * How long the client waits for bytes of the answer, where it says so as OpenAI's and Anthropic's clients do; null
     * for unknown. What is no positive number of seconds says nothing.
     */
    private @Nullable Duration timeout() {
        String seconds = header("X-Stainless-Read-Timeout");
        if (seconds == null || !seconds.matches("\\d{1,7}(\\.\\d{1,9})?")) {
            return null;
        }
        Duration timeout = Duration.ofMillis((long) (Double.parseDouble(seconds) * 1000));
        return timeout.isZero() ? null : timeout; // 0 is none in these clients
    }

    /** Who sends it. */
    public Client client() {
        return new Client(tenant(), true, timeout());
    }

    /** Whose key the request came with. */
    public KeyHolder caller() {
        return caller;
    }

    /** The tenant whose request it is. */
    public String tenant() {
        return caller.tenant();
    }

    /**
     * The JSON object that the body is.
     *
     * @throws ApiException 413 when the body is too long, 415 when it is not declared as JSON, 400 when it is none
     */
    public RequestFields readJson() throws IOException {
        String contentType = request.getHeaders().get(HttpHeader.CONTENT_TYPE);
        // A page of another site can send any other type without asking first.
        if (contentType == null || !contentType.toLowerCase(Locale.ROOT).startsWith("application/json")) {
            throw ApiException.ofStatus(415, "unsupported_media_type",
                    "Content-Type: " + contentType + ", must be application/json");
        }
        return RequestJson.read(readBody());
    }

    private byte[] readBody() throws IOException {
        if (request.getLength() > options.maxBodyBytes()) {
            throw bodyTooLong(request.getLength() + " bytes");
        }
        try (InputStream in = Content.Source.asInputStream(request)) {
            byte[] body = in.readNBytes(options.maxBodyBytes() + 1);
            if (body.length > options.maxBodyBytes()) {
                throw bodyTooLong("more bytes");
            }
            return body;
        } catch (IOException _) { // half a body, then silence or the end
            throw new ClientGoneException();
        }
    }

    private ApiException bodyTooLong(String actual) {
        return ApiException.ofStatus(413, "request_too_large",
                "body: " + actual + ", at most " + options.maxBodyBytes() + " are taken");
    }

    /** Whether the client has left. Never blocks. */
    public boolean isClientGone() {
        return hasFailed || (request.getConnectionMetaData().getConnection()
                .getEndPoint() instanceof ClientEndPoint client && client.isClientGone());
    }

    /** Sends the whole answer. */
    public void send(int status, JsonNode json) throws IOException {
        send(status, "application/json", json.toString());
    }

    /** Sends the whole answer. */
    public void send(int status, String contentType, String text) throws IOException {
        response.setStatus(status);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, contentType);
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        try (OutputStream out = Content.Sink.asOutputStream(response)) {
            response.getHeaders().put(HttpHeader.CONTENT_LENGTH, bytes.length);
            out.write(bytes);
        } catch (IOException _) {
            throw new ClientGoneException();
        }
    }

    /**
     * Reads and drops what is left of a short body: over HTTP/2 the end of an answer before that of its request resets
     * the stream, and clients may then not see the answer.
     */
    private void dropBody() {
        boolean isShort = request.getLength() <= Math.min(MAX_DROPPED_BYTES, options.maxBodyBytes());
        if (request.getConnectionMetaData().getHttpVersion() == HttpVersion.HTTP_2 && isShort) {
            try (InputStream in = Content.Source.asInputStream(request)) {
                byte[] _ = in.readNBytes(MAX_DROPPED_BYTES);
            } catch (IOException _) {
                // The client has left, or the answer comes without the rest.
            }
        }
    }

    /** Sends an error, in the form of its endpoint. */
    void send(ApiException error, JsonNode json) throws IOException {
        dropBody();
        error.retryAfterSeconds().ifPresent(
                seconds -> response.getHeaders().put(HttpHeader.RETRY_AFTER, seconds));
        send(error.status(), json);
    }

    /** Sets a header of the response. */
    public void setHeader(String name, String value) {
        response.getHeaders().put(name, value);
    }

    /** Whether the status has been sent. */
    public boolean isCommitted() {
        return response.isCommitted();
    }

    /** Begins a response of events. */
    public EventStream events() {
        response.setStatus(200);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, "text/event-stream");
        response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-cache");
        response.getHeaders().put("X-Accel-Buffering", "no"); // or nginx holds events back
        return new EventStream(Content.Sink.asOutputStream(response));
    }
}
