package io.github.pastkv.serve;

import io.github.pastkv.serve.anthropic.CountTokensEndpoint;
import io.github.pastkv.serve.anthropic.MessagesEndpoint;
import io.github.pastkv.serve.http.ApiKeys;
import io.github.pastkv.serve.http.Exchange;
import io.github.pastkv.serve.http.HttpOptions;
import io.github.pastkv.serve.http.HttpService;
import io.github.pastkv.serve.http.Route;
import io.github.pastkv.serve.openai.Answers;
import io.github.pastkv.serve.openai.ChatEndpoint;
import io.github.pastkv.serve.openai.CompletionsEndpoint;
import io.github.pastkv.serve.openai.Models;
import io.github.pastkv.serve.openai.ModelsEndpoint;
import io.github.pastkv.serve.openai.StatusEndpoint;
import io.github.pastkv.serve.openai.TokenizeEndpoint;
import io.github.pastkv.serve.page.PageEndpoint;
import io.github.pastkv.serve.request.ApiException;
import io.github.pastkv.serve.responses.ResponsesEndpoint;
import io.github.pastkv.serve.run.RequestQueue;
import io.github.pastkv.serve.run.ServedModel;
import io.github.pastkv.serve.run.ServerMetrics;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * An HTTP server that speaks OpenAI's interface over models of this process. Each prompt is a generation in a session
 * of its own; the engine joins their steps, and the prefix cache is shared by the requests of a tenant. An answer has
 * the bits that it would have alone.
 *
 * <p>Owns its models. Safe for any number of threads.
 */
public final class PastKvServer implements AutoCloseable {
    private final ServeOptions options;
    private final List<ServedModel> models;
    private final RequestQueue queue;
    private final ServerMetrics metrics = new ServerMetrics();
    private final HttpService http;

    private PastKvServer(ServeOptions options, HttpService http, List<ServedModel> models) {
        this.options = options;
        this.models = models;
        this.queue = new RequestQueue(options.maxRunning(), options.maxWaiting(), metrics, options.log());
        metrics.observe(queue, models);
        this.http = http;
    }

    /** Loads the models of a server. */
    @FunctionalInterface
    public interface ModelLoader {
        /** The models, at least one, of different names. */
        List<NamedModel> load() throws IOException;
    }

    /**
     * Starts a server; returns when it listens.
     *
     * @throws IllegalArgumentException for options that contradict each other, such as an address beyond loopback
     *         without keys; the models are left open
     * @throws IOException when a file cannot be read or the address not be bound; the models are left open
     */
    public static PastKvServer start(ServeOptions options, List<NamedModel> models) throws IOException {
        return startWith(options, () -> {
            requireNames(models);
            return models;
        });
    }

    /**
     * Starts a server that listens while its models are loaded: until then it answers all requests with 503. Returns
     * when the models are served.
     *
     * @throws IllegalArgumentException for options that contradict each other, before anything is loaded, or models of
     *         equal names, which are closed
     * @throws IOException when a file cannot be read or the address not be bound; what was loaded is closed
     */
    public static PastKvServer start(ServeOptions options, ModelLoader loader) throws IOException {
        List<NamedModel> loaded = new ArrayList<>();
        try {
            return startWith(options, () -> {
                loaded.addAll(loader.load());
                requireNames(loaded);
                return loaded;
            });
        } catch (IOException | RuntimeException | Error e) {
            loaded.forEach(model -> model.model().close());
            throw e;
        }
    }

    private static void requireNames(List<NamedModel> models) {
        if (models.stream().map(NamedModel::name).distinct().count() != models.size() || models.isEmpty()) {
            throw new IllegalArgumentException(
                    "models: " + models.stream().map(NamedModel::name).toList() + ", must be different names");
        }
    }

    private static PastKvServer startWith(ServeOptions options, ModelLoader loader) throws IOException {
        ApiKeys keys = options.keys();
        if (!keys.isRequired() && !InetAddress.getByName(options.host()).isLoopbackAddress()) {
            throw new IllegalArgumentException(
                    "host: " + options.host() + ", without keys only a loopback address is bound");
        }
        HttpService http = new HttpService(new HttpOptions(options.host(), options.port(), options.maxBodyBytes(),
                options.maxHeaderBytes(), options.maxConnections(), options.idleTimeout(), options.corsOrigins(),
                keys.isRequired()), keys, PastKvServer::errorJson, options.log());
        http.start();
        try {
            List<ServedModel> served = new ArrayList<>();
            for (NamedModel model : loader.load()) {
                served.add(new ServedModel(model.name(), model.model(), model.sessions()));
            }
            served.forEach(model -> model.warmUp(options.warmUp()));
            PastKvServer server = new PastKvServer(options, http, served);
            http.setRoutes(server.routes());
            return server;
        } catch (IOException | RuntimeException | Error e) {
            http.close();
            throw e;
        }
    }

    private static ObjectNode errorJson(String path, ApiException error) {
        return MessagesEndpoint.isPath(path) ? MessagesEndpoint.errorOf(error) : error.toJson();
    }

    private List<Route> routes() {
        Models list = new Models(models);
        Answers answers = new Answers(queue, options.pingInterval());
        ModelsEndpoint modelsEndpoint = new ModelsEndpoint(list, System.currentTimeMillis() / 1000);
        TokenizeEndpoint tokenize = new TokenizeEndpoint(list);
        return List.of(
                Route.open("GET", "/health", this::health),
                new Route("GET", "/metrics", options.hasOpenMetrics(),
                        exchange -> exchange.send(200, ServerMetrics.CONTENT_TYPE, metrics.text())),
                Route.of("GET", "/version", PastKvServer::version),
                Route.of("GET", ModelsEndpoint.PATH, modelsEndpoint::list),
                Route.of("GET", ModelsEndpoint.PATH + "/", modelsEndpoint::describe),
                Route.of("POST", CompletionsEndpoint.PATH, new CompletionsEndpoint(list, answers)),
                Route.of("POST", ChatEndpoint.PATH, new ChatEndpoint(list, answers)),
                Route.of("POST", MessagesEndpoint.PATH, new MessagesEndpoint(list, answers)),
                Route.of("POST", MessagesEndpoint.PATH + "/count_tokens", new CountTokensEndpoint(list)),
                Route.of("POST", "/v1/responses", new ResponsesEndpoint(list, answers)),
                Route.open("GET", "/", new PageEndpoint("index.html", "text/html;charset=utf-8")),
                Route.open("GET", "/page.js", new PageEndpoint("page.js", "text/javascript;charset=utf-8")),
                Route.of("GET", "/v1/status", new StatusEndpoint(list, queue)),
                Route.of("POST", "/tokenize", tokenize::tokenize),
                Route.of("POST", "/detokenize", tokenize::detokenize),
                Route.of("POST", "/v1/cache/explain", tokenize::explain));
    }

    private void health(Exchange exchange) throws IOException {
        if (queue.isDraining()) {
            throw ApiException.unavailable("draining", 0, "the server is shutting down");
        }
        exchange.send(200, JsonMapper.shared().createObjectNode().put("status", "ok"));
    }

    private static void version(Exchange exchange) throws IOException {
        Properties properties = new Properties();
        try (@Nullable InputStream in = PastKvServer.class.getResourceAsStream("version.properties")) {
            if (in != null) {
                properties.load(in);
            }
        }
        String version = properties.getProperty("version", "unknown");
        exchange.send(200, JsonMapper.shared().createObjectNode().put("version", version));
    }

    /** The port that is bound. */
    public int port() {
        return http.port();
    }

    /** The names and context lengths of the models, a line each, for people. */
    public List<String> describeModels() {
        return models.stream()
                .map(model -> model.name() + " (" + model.contextLength() + " tokens of context, room for "
                        + model.numPoolTokens() + " over all requests)")
                .toList();
    }

    /** From now on new requests are refused with 503; those that are there go on. */
    public void drain() {
        queue.drain();
    }

    /**
     * Waits until no request is left.
     *
     * @return whether that is so
     */
    public boolean awaitIdle(Duration timeout) throws InterruptedException {
        return queue.awaitIdle(timeout);
    }

    /** Prompts that wait for others to end. */
    public int numWaiting() {
        return queue.numWaiting(null);
    }

    /** Prompts that are generated now. */
    public int numRunning() {
        return queue.numRunning(null);
    }

    /** For tests: while no request is left, no block is held, and all are accounted for. */
    void requireNothingHeld() {
        for (ServedModel model : models) {
            model.pool().checkIntegrity();
            if (model.pool().heldBytes() != 0) {
                throw new IllegalStateException(model.name() + ": " + model.pool().heldBytes() + " bytes are held");
            }
        }
    }

    /** Refuses new requests, lets those that are there go on for a while, ends the others, and closes the models. */
    @Override
    public void close() {
        queue.drain();
        try {
            if (!queue.awaitIdle(options.drainTimeout())) {
                queue.failAll(ApiException.unavailable("draining", 0, "the server is shutting down"));
                queue.awaitIdle(Duration.ofSeconds(30)); // they end within one step
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        http.close();
        models.forEach(ServedModel::close);
    }
}
