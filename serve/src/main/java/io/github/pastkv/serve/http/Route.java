package io.github.pastkv.serve.http;

/**
 * Which requests an endpoint answers.
 *
 * @param method {@code GET} or {@code POST}
 * @param path the whole path, or its beginning where it ends in {@code /}
 * @param isOpen whether it answers without a key
 */
public record Route(String method, String path, boolean isOpen, Endpoint endpoint) {
    /** A route that needs a key where keys are set. */
    public static Route of(String method, String path, Endpoint endpoint) {
        return new Route(method, path, false, endpoint);
    }

    /** A route that anybody may ask. */
    public static Route open(String method, String path, Endpoint endpoint) {
        return new Route(method, path, true, endpoint);
    }

    boolean matches(String requestPath) {
        return (path.endsWith("/") && path.length() > 1)
                ? requestPath.length() > path.length() && requestPath.startsWith(path)
                : requestPath.equals(path);
    }
}
