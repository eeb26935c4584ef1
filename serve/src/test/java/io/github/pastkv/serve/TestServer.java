package io.github.pastkv.serve;

import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.tinymodel.TinyModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A server of the tiny model on a free port, and a plain client of it. Its log must stay empty. */
final class TestServer implements AutoCloseable {
    static final String MODEL = "tiny";
    private static final Path FOLDER = unpack();

    final List<String> log = new CopyOnWriteArrayList<>();
    final HttpClient client = HttpClient.newHttpClient();
    final Model model;
    final PastKvServer server;

    TestServer(UnaryOperator<ServeOptions> options, UnaryOperator<ModelOptions> modelOptions,
            UnaryOperator<SessionOptions> sessions) throws IOException {
        model = loadModel(modelOptions);
        server = PastKvServer.start(options.apply(ServeOptions.defaults().withPort(0).withLog(log::add)),
                List.of(new NamedModel(MODEL, model, sessions.apply(SessionOptions.defaults()))));
    }

    TestServer(UnaryOperator<ServeOptions> options) throws IOException {
        this(options, UnaryOperator.identity(), UnaryOperator.identity());
    }

    TestServer() throws IOException {
        this(UnaryOperator.identity());
    }

    static Model loadModel(UnaryOperator<ModelOptions> options) throws IOException {
        return Model.load(FOLDER, options.apply(ModelOptions.defaults().withKernels("vector").withNumThreads(2)));
    }

    private static Path unpack() {
        try {
            Path folder = Files.createTempDirectory("pastkv-serve-test");
            Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(folder)));
            TinyModel.unpackTo(folder);
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted((a, b) -> b.compareTo(a)).forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.port() + path);
    }

    HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(uri(path)).timeout(Duration.ofMinutes(10));
    }

    HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return client.send(request(path).build(), HttpResponse.BodyHandlers.ofString());
    }

    /** The text of {@code /metrics}, over a connection of its own, as a scraper asks for it. */
    String metrics() throws IOException, InterruptedException {
        try (HttpClient scraper = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
            return scraper.send(request("/metrics").build(), HttpResponse.BodyHandlers.ofString()).body();
        }
    }

    /** Sends JSON, written with ' for ". */
    HttpResponse<String> post(String path, String json) throws IOException, InterruptedException {
        return client.send(postRequest(path, json), HttpResponse.BodyHandlers.ofString());
    }

    HttpRequest postRequest(String path, String json) {
        return request(path).header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(json.replace('\'', '"'))).build();
    }

    /** The JSON of an answer with status 200. */
    JsonNode ask(String path, String json) throws IOException, InterruptedException {
        HttpResponse<String> response = post(path, json);
        if (response.statusCode() != 200) {
            throw new AssertionError(response.statusCode() + ": " + response.body());
        }
        return JsonMapper.shared().readTree(response.body());
    }

    /** The error of an answer. */
    JsonNode error(int status, String path, String json) throws IOException, InterruptedException {
        HttpResponse<String> response = post(path, json);
        if (response.statusCode() != status) {
            throw new AssertionError(response.statusCode() + ": " + response.body());
        }
        return JsonMapper.shared().readTree(response.body()).path("error");
    }

    /** The data of the events of a stream, comments left out. */
    List<String> events(String path, String json) throws IOException, InterruptedException {
        HttpResponse<Stream<String>> response =
                client.send(postRequest(path, json), HttpResponse.BodyHandlers.ofLines());
        if (response.statusCode() != 200) {
            throw new AssertionError(response.statusCode() + ": " + response.body().toList());
        }
        return response.body().filter(line -> line.startsWith("data: ")).map(line -> line.substring(6)).toList();
    }

    static JsonNode json(String text) {
        return JsonMapper.shared().readTree(text);
    }

    /** Waits until nothing runs: clients that leave are noticed a moment later. */
    void awaitIdle() throws InterruptedException {
        if (!server.awaitIdle(Duration.ofMinutes(10))) {
            throw new AssertionError("requests are left");
        }
    }

    /** Checks that no block is held and all are accounted for, and that nothing has failed. */
    @Override
    public void close() {
        try {
            awaitIdle();
            server.requireNothingHeld();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        } finally {
            client.shutdownNow(); // close() would wait for answers that a test has not read
            server.close();
        }
        if (!log.isEmpty()) {
            throw new AssertionError("log: " + log);
        }
    }
}
