package io.github.pastkv.serve.http;

import io.github.pastkv.serve.request.ApiException;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * Finds the endpoint of a request, checks its key and origin, and turns exceptions into errors. Without routes, while
 * the server loads, all requests get 503.
 */
final class RouteHandler extends Handler.Abstract {
    private static final Set<String> LOOPBACK_NAMES = Set.of("localhost", "127.0.0.1", "[::1]", "::1");
    private static final int LOADING_RETRY_SECONDS = 2;
    private static final String BEARER = "bearer ";

    private final HttpOptions options;
    private final ApiKeys keys;
    private final ErrorForm errors;
    private final OpenRequests openRequests = new OpenRequests();
    private volatile @Nullable List<Route> routes; // null while the server loads
    private final Consumer<String> log;

    RouteHandler(HttpOptions options, ApiKeys keys, ErrorForm errors, Consumer<String> log) {
        this.options = options;
        this.keys = keys;
        this.errors = errors;
        this.log = log;
    }

    void setRoutes(List<Route> newRoutes) {
        routes = List.copyOf(newRoutes);
    }

    /** Requests whose answers are not sent completely. */
    OpenRequests openRequests() {
        return openRequests;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        openRequests.add(request);
        request.addIdleTimeoutListener(_ -> false); // computing is not idle; silent reads and writes still end
        String requestId = UUID.randomUUID().toString();
        response.getHeaders().put("X-Request-Id", requestId);
        Optional<KeyHolder> caller = keys.holder(presentedKey(request));
        Exchange exchange = new Exchange(request, response, options, caller.orElse(KeyHolder.NONE));
        try {
            answer(request, response, exchange, caller.isPresent());
            callback.succeeded();
        } catch (ClientGoneException e) {
            callback.failed(e);
        } catch (IOException | RuntimeException | StackOverflowError | OutOfMemoryError e) {
            log.accept("request " + requestId + " (" + request.getMethod() + " " + request.getHttpURI().getPath()
                    + ") failed: " + e);
            sendIfStillPossible(exchange,
                    ApiException.internal("the server failed, see its log for request " + requestId),
                    callback);
        }
        return true;
    }

    private void answer(Request request, Response response, Exchange exchange, boolean hasKey) throws IOException {
        try {
            requireHost(request);
            if (allowOrigin(request, response)) {
                return;
            }
            Route route = route(request, exchange.path(), response);
            if (!route.isOpen() && !hasKey) {
                throw ApiException.unauthorized("Authorization: needs 'Bearer KEY' with a valid key");
            }
            route.endpoint().handle(exchange);
        } catch (ApiException e) {
            if (exchange.isCommitted()) { // what has begun cannot become an error
                throw new IllegalStateException("an error after the answer has begun: " + e.getMessage(), e);
            }
            send(exchange, e);
        }
    }

    private void send(Exchange exchange, ApiException error) throws IOException {
        exchange.send(error, errors.json(exchange.path(), error));
    }

    private void sendIfStillPossible(Exchange exchange, ApiException error, Callback callback) {
        try {
            if (exchange.isCommitted()) {
                throw new ClientGoneException();
            }
            send(exchange, error);
            callback.succeeded();
        } catch (IOException e) {
            callback.failed(e);
        }
    }

    private static @Nullable String presentedKey(Request request) {
        String authorization = request.getHeaders().get(HttpHeader.AUTHORIZATION);
        if (authorization != null && authorization.toLowerCase(Locale.ROOT).startsWith(BEARER)) {
            return authorization.substring(BEARER.length()).strip();
        }
        return request.getHeaders().get("X-Api-Key");
    }

    private void requireHost(Request request) {
        String host = Request.getServerName(request);
        if (!options.acceptsAnyHost() && !LOOPBACK_NAMES.contains(String.valueOf(host))) {
            throw ApiException.ofStatus(403, "host_not_allowed",
                    "Host: " + host + ", without keys only localhost, 127.0.0.1 and [::1] are taken");
        }
    }

    private Route route(Request request, String path, Response response) {
        List<Route> all = routes;
        if (all == null) {
            throw ApiException.unavailable("loading", LOADING_RETRY_SECONDS, "the server is loading its models");
        }
        List<Route> here = all.stream().filter(route -> route.matches(path)).toList();
        if (here.isEmpty()) {
            throw ApiException.ofStatus(404, "not_found", "no endpoint " + request.getMethod() + " " + path);
        }
        String method = request.getMethod().equals("HEAD") ? "GET" : request.getMethod();
        return here.stream().filter(route -> route.method().equals(method)).findFirst().orElseThrow(() -> {
            String allowed = here.stream().map(Route::method).collect(Collectors.joining(", "));
            response.getHeaders().put(HttpHeader.ALLOW, allowed);
            return ApiException.ofStatus(405, "method_not_allowed",
                    request.getMethod() + " " + path + ": this endpoint takes " + allowed);
        });
    }

    /** Lets pages of named origins ask. Returns whether that was all, for a preflight request. */
    private boolean allowOrigin(Request request, Response response) {
        String origin = request.getHeaders().get(HttpHeader.ORIGIN);
        if (origin == null || !options.corsOrigins().contains(origin)) {
            return false;
        }
        response.getHeaders().put("Access-Control-Allow-Origin", origin);
        response.getHeaders().add(new HttpField(HttpHeader.VARY, "Origin"));
        if (!request.getMethod().equals("OPTIONS")) {
            return false;
        }
        response.getHeaders().put("Access-Control-Allow-Methods", "GET, POST");
        String asked = request.getHeaders().get("Access-Control-Request-Headers"); // those of a client's library too
        response.getHeaders().put("Access-Control-Allow-Headers",
                asked == null ? "Authorization, Content-Type, X-Api-Key" : asked);
        response.getHeaders().put("Access-Control-Max-Age", "600");
        response.setStatus(204);
        return true;
    }
}
