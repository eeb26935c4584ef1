package io.github.pastkv.serve.request;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Ends a request with an error in OpenAI's form: a status, and an object with message, type, param and code. */
public final class ApiException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int status;
    private final String type;
    private final @Nullable String param;
    private final @Nullable String code;
    private final int retryAfterSeconds; // 0 for none

    private ApiException(int status, String type, @Nullable String param, @Nullable String code, int retryAfterSeconds,
            String message) {
        super(message, null, false, false);
        this.status = status;
        this.type = type;
        this.param = param;
        this.code = code;
        this.retryAfterSeconds = retryAfterSeconds;
    }

    /** 400 for a field of the request. */
    public static ApiException badField(String param, String message) {
        return new ApiException(400, "invalid_request_error", param, "invalid_value", 0, param + ": " + message);
    }

    /** 400 for a field that this server knows and does not support, or does not know. */
    public static ApiException unsupported(String param, String message) {
        return new ApiException(400, "invalid_request_error", param, "unsupported_parameter", 0,
                param + ": " + message);
    }

    /** 400 for a request that is not what the endpoint reads. */
    public static ApiException badRequest(String message) {
        return new ApiException(400, "invalid_request_error", null, null, 0, message);
    }

    /** 400 for a prompt and an answer that have no room in the context. */
    public static ApiException contextLength(String param, String message) {
        return new ApiException(400, "invalid_request_error", param, "context_length_exceeded", 0, message);
    }

    /** 401 without a valid key. */
    public static ApiException unauthorized(String message) {
        return new ApiException(401, "authentication_error", null, "invalid_api_key", 0, message);
    }

    /** 404 for a model that is not served. */
    public static ApiException modelNotFound(String message) {
        return new ApiException(404, "invalid_request_error", "model", "model_not_found", 0, message);
    }

    /** Another status of HTTP for a request that the server does not take. */
    public static ApiException ofStatus(int status, String code, String message) {
        return new ApiException(status, "invalid_request_error", null, code, 0, message);
    }

    /** 429 when the queue is full. */
    public static ApiException queueFull(int retryAfterSeconds, String message) {
        return new ApiException(429, "rate_limit_error", null, "queue_full", retryAfterSeconds, message);
    }

    /** 503 when the server cannot take or finish a request now. */
    public static ApiException unavailable(String code, int retryAfterSeconds, String message) {
        return new ApiException(503, "service_unavailable_error", null, code, retryAfterSeconds, message);
    }

    /** 500 for a fault of the server, which its log explains. */
    public static ApiException internal(String message) {
        return new ApiException(500, "server_error", null, "internal_error", 0, message);
    }

    /** The same error with {@code prefix} before the name of its field. */
    public ApiException within(String prefix) {
        String name = param == null ? prefix : prefix + "." + param;
        return new ApiException(status, type, name, code, retryAfterSeconds, prefix + "." + getMessage());
    }

    /** The same error with another name of its field, if that begins with a pattern. */
    public ApiException renamed(Pattern beginning, String replacement) {
        if (param == null || !beginning.matcher(param).lookingAt()) {
            return this;
        }
        String name = beginning.matcher(param).replaceFirst(replacement);
        String message = String.valueOf(getMessage());
        return new ApiException(status, type, name, code, retryAfterSeconds,
                message.startsWith(param) ? name + message.substring(param.length()) : message);
    }

    public int status() {
        return status;
    }

    public Optional<String> param() {
        return Optional.ofNullable(param);
    }

    public Optional<String> code() {
        return Optional.ofNullable(code);
    }

    /** When to try again, where that helps. */
    public OptionalInt retryAfterSeconds() {
        return retryAfterSeconds == 0 ? OptionalInt.empty() : OptionalInt.of(retryAfterSeconds);
    }

    /** {@code {"error": {...}}}. */
    public ObjectNode toJson() {
        ObjectNode body = JsonMapper.shared().createObjectNode();
        body.putObject("error").put("message", getMessage()).put("type", type).put("param", param).put("code", code);
        return body;
    }
}
