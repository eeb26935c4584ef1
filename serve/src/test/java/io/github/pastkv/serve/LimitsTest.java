package io.github.pastkv.serve;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.model.SessionOptions;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keys, limits, the queue, clients that leave, and the end of a server. */
final class LimitsTest {
    private static final String PATH = "/v1/completions";
    private static final String LONG = "{'prompt': 'Once', 'max_tokens': 1000, 'ignore_eos': true, 'stream': true}";

    @TempDir private Path folder;

    @Test
    void keys_letInTheirTenants_whichShareNoCache() throws Exception {
        Path keys = Files.writeString(folder.resolve("keys"),
                "# comment\nkey-of-alice-0123456789 alice\nkey-of-bob-0123456789 bob\n");
        try (TestServer server = new TestServer(options -> options.withKeyFile(keys))) {
            assertThat(server.get("/health").statusCode()).isEqualTo(200);
            assertThat(server.get("/metrics").statusCode()).isEqualTo(401);
            assertThat(server.get("/v1/models").statusCode()).isEqualTo(401);
            assertThat(server.error(401, PATH, "{'prompt': 'x'}").path("code").stringValue())
                    .isEqualTo("invalid_api_key");
            assertThat(cachedTokens(server, "Bearer key-of-alice-0123456789")).isZero();
            assertThat(cachedTokens(server, "Bearer key-of-alice-0123456789")).isPositive();
            assertThat(cachedTokens(server, "bearer key-of-bob-0123456789")).isZero();
            assertThat(server.client
                    .send(server.request("/v1/models").header("x-api-key", "key-of-bob-0123456789").build(),
                            HttpResponse.BodyHandlers.ofString())
                    .statusCode()).isEqualTo(200);
            assertThat(
                    server.client.send(server.request("/v1/models").header("x-api-key", "key-of-bob-012345678").build(),
                            HttpResponse.BodyHandlers.ofString()).statusCode())
                    .isEqualTo(401);
        }
    }

    private static int cachedTokens(TestServer server, String authorization) throws Exception {
        HttpRequest request = server.request(PATH).header("Content-Type", "application/json")
                .header("Authorization", authorization).POST(HttpRequest.BodyPublishers.ofString(
                        "{\"prompt\": \"The quick brown fox jumps over the lazy dog\", \"max_tokens\": 1}"))
                .build();
        String body = server.client.send(request, HttpResponse.BodyHandlers.ofString()).body();
        return TestServer.json(body).path("usage").path("prompt_tokens_details").path("cached_tokens").intValue();
    }

    @Test
    void brokenKeyFile_andOpenAddressWithoutKeys_areRefused() throws Exception {
        Path keys = Files.writeString(folder.resolve("keys"), "short alice\n");
        assertThatThrownBy(() -> start(ServeOptions.defaults().withPort(0).withKeyFile(keys)))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("line 1");
        assertThatThrownBy(() -> start(ServeOptions.defaults().withPort(0).withHost("0.0.0.0")))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("loopback");
    }

    private static void start(ServeOptions options) throws IOException {
        PastKvServer.start(options, List.of());
    }

    @Test
    void otherHostsAndTypesAndMethods_areRefused() throws Exception {
        try (TestServer server = new TestServer(options -> options.withMaxBodyBytes(2000)
                .withCorsOrigins(Set.of("https://good.example")))) {
            assertThat(raw(server, "GET /v1/models HTTP/1.1\r\nHost: evil.example\r\n\r\n")).contains(" 403 ");
            assertThat(raw(server, "GET /v1/models HTTP/1.1\r\nHost: localhost:1\r\n\r\n")).contains(" 200 ");
            assertThat(
                    raw(server, "GET /v1/models HTTP/1.1\r\nHost: localhost\r\nX: " + "x".repeat(20_000) + "\r\n\r\n"))
                    .contains(" 431 ");
            assertThat(raw(server, "\u0001\u0002 nonsense\r\n\r\n")).contains(" 400 ");
            assertThat(raw(server, "POST " + PATH + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
                    + "Content-Length: 2\r\n\r\n{}")).contains(" 415 ");
            assertThat(raw(server, "POST " + PATH + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    + "Content-Length: 3000\r\n\r\n{}")).contains(" 413 ");
            assertThat(server.error(413, PATH, "{'prompt': '" + "x".repeat(3000) + "'}").path("code").stringValue())
                    .isEqualTo("request_too_large");
            assertThat(server.post("/health", "{}").statusCode()).isEqualTo(405);
            assertThat(server.get("/nothing").statusCode()).isEqualTo(404);
            assertThat(preflight(server, "https://good.example")).contains("Access-Control-Allow-Origin")
                    .contains("Access-Control-Allow-Headers: x-stainless-os, authorization");
            assertThat(preflight(server, "https://evil.example")).doesNotContain("Access-Control-Allow-Origin");
        }
    }

    private static String preflight(TestServer server, String origin) throws IOException {
        return raw(server, "OPTIONS " + PATH + " HTTP/1.1\r\nHost: localhost\r\nOrigin: " + origin
                + "\r\nAccess-Control-Request-Headers: x-stainless-os, authorization\r\n\r\n");
    }

    /** The head of the answer to bytes. */
    private static String raw(TestServer server, String request) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.server.port())) {
            socket.setSoTimeout(60_000);
            socket.getOutputStream().write(request.getBytes(UTF_8));
            byte[] head = new byte[4096];
            int length = socket.getInputStream().read(head);
            return length < 0 ? "" : new String(head, 0, length, UTF_8);
        }
    }

    /*
     * In the following tests one request must still run when another comes. It nearly always does, but a slow machine
     * may stop the client for longer than the request takes: then the test tries again.
     */
    @Test
    void fullQueue_is429WithRetryAfter() throws Exception {
        try (TestServer server = new TestServer(options -> options.withMaxRunning(1).withMaxWaiting(1))) {
            Optional<HttpResponse<InputStream>> refused = Optional.empty();
            List<HttpResponse<InputStream>> others = new ArrayList<>();
            while (refused.isEmpty()) {
                List<CompletableFuture<HttpResponse<InputStream>>> requests = new ArrayList<>();
                for (int i = 0; i < 3; i++) {
                    requests.add(server.client.sendAsync(server.postRequest(PATH, LONG),
                            HttpResponse.BodyHandlers.ofInputStream()));
                }
                refused = requests.stream().map(CompletableFuture::join).peek(others::add)
                        .filter(response -> response.statusCode() != 200).findFirst();
            }
            String body = new String(refused.get().body().readAllBytes(), UTF_8);
            for (HttpResponse<InputStream> other : others) {
                other.body().close();
            }

            assertThat(refused.get().statusCode()).isEqualTo(429);
            assertThat(Integer.parseInt(refused.get().headers().firstValue("Retry-After").orElseThrow())).isPositive();
            assertThat(body).contains("queue_full");
        }
    }

    private static void await(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            Thread.onSpinWait();
        }
    }

    @Test
    void requestWhoseClientWouldGiveUpBeforeItsTurn_is429AtOnce() throws Exception {
        try (TestServer server = new TestServer(options -> options.withMaxRunning(1))) {
            List<CompletableFuture<HttpResponse<String>>> measured = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                measured.add(server.client.sendAsync(server.postRequest(PATH, "{'prompt': 'Once', 'max_tokens': 20}"),
                        HttpResponse.BodyHandlers.ofString()));
            }
            measured.forEach(CompletableFuture::join);
            HttpResponse<String> impatient;
            do {
                InputStream running = begin(server).body();
                CompletableFuture<HttpResponse<InputStream>> waiting = server.client
                        .sendAsync(server.postRequest(PATH, LONG.replace("}", ", 'priority': 1}")),
                                HttpResponse.BodyHandlers.ofInputStream());
                await(() -> server.server.numWaiting() == 1 || server.server.numRunning() == 0);
                impatient = server.client.send(
                        HttpRequest.newBuilder(server.postRequest(PATH, "{'prompt': 'Once'}"), (_, _) -> true)
                                .header("X-Stainless-Read-Timeout", "0.001").build(),
                        HttpResponse.BodyHandlers.ofString());
                running.close();
                waiting.join().body().close();
                server.awaitIdle();
            } while (impatient.statusCode() == 200);

            assertThat(impatient.statusCode()).isEqualTo(429);
            assertThat(impatient.body()).contains("the client's timeout is");
            assertThat(impatient.headers().firstValue("Retry-After")).isPresent();
        }
    }

    /** Begins a long stream; returns once its first event is there. */
    private static HttpResponse<InputStream> begin(TestServer server) throws Exception {
        HttpResponse<InputStream> response =
                server.client.send(server.postRequest(PATH, LONG), HttpResponse.BodyHandlers.ofInputStream());
        int next = response.body().read();
        while (next != 'd') { // a ping may come first
            assertThat(next).isNotNegative();
            next = response.body().read();
        }
        return response;
    }

    @Test
    void clientThatLeaves_endsItsRequest() throws Exception {
        try (TestServer server = new TestServer()) {
            while (numAborted(server) == 0) {
                begin(server).body().close();
                server.awaitIdle();
            }
            long numAborted = numAborted(server);
            while (numAborted(server) == numAborted) {
                leaveWithoutAnswer(server);
                server.awaitIdle();
            }
        }
    }

    private static long numAborted(TestServer server) throws Exception {
        String name = "vllm:request_success_total{finished_reason=\"abort\",model_name=\"tiny\"} ";
        return server.get("/metrics").body().lines().filter(line -> line.startsWith(name))
                .mapToLong(line -> (long) Double.parseDouble(line.substring(name.length()))).sum();
    }

    /** Sends a request that is not streamed, so that nothing is written to the client, and leaves while it runs. */
    private static void leaveWithoutAnswer(TestServer server) throws IOException {
        String body = LONG.replace(", 'stream': true", "").replace('\'', '"');
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.server.port())) {
            socket.getOutputStream().write(("POST " + PATH + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                    + "application/json\r\nContent-Length: " + body.length() + "\r\n\r\n" + body).getBytes(UTF_8));
            while (server.server.numRunning() == 0 && socket.getInputStream().available() == 0) {
                Thread.onSpinWait();
            }
        }
    }

    @Test
    void loadingServer_refusesRequests_andThenServes() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        List<HttpResponse<String>> whileLoading = new ArrayList<>();
        try (HttpClient client = HttpClient.newHttpClient();
                PastKvServer server = PastKvServer.start(ServeOptions.defaults().withPort(port), () -> {
                    whileLoading.add(get(client, port, "/health"));
                    whileLoading.add(get(client, port, "/v1/models"));
                    whileLoading.add(get(client, port, "/v1/messages"));
                    return List.of(new NamedModel("tiny", TestServer.loadModel(options -> options),
                            SessionOptions.defaults()));
                })) {
            assertThat(whileLoading).extracting(HttpResponse::statusCode).containsExactly(503, 503, 503);
            assertThat(whileLoading.getFirst().headers().firstValue("Retry-After")).hasValue("2");
            assertThat(whileLoading.get(1).body()).contains("\"code\":\"loading\"");
            assertThat(whileLoading.getLast().body())
                    .startsWith("{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"");
            assertThat(get(client, server.port(), "/health").statusCode()).isEqualTo(200);
        }
    }

    private static HttpResponse<String> get(HttpClient client, int port, String path) throws IOException {
        try {
            return client.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build(),
                    HttpResponse.BodyHandlers.ofString());
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    @Test
    void serverThatCannotLoad_freesItsPort() {
        assertThatThrownBy(() -> PastKvServer.start(ServeOptions.defaults().withPort(0), () -> {
            throw new IOException("no such folder");
        })).isInstanceOf(IOException.class).hasMessage("no such folder");
        assertThatThrownBy(() -> PastKvServer.start(ServeOptions.defaults().withPort(0), () -> List.of()))
                .isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith("models: []");
    }

    @Test
    void drainingServer_refusesNewRequests_andEndsOldOnesWithAnErrorEvent() throws Exception {
        String rest = "[DONE]";
        while (rest.contains("[DONE]")) {
            TestServer server = new TestServer(options -> options.withDrainTimeout(Duration.ZERO));
            HttpResponse<InputStream> running = begin(server);
            server.server.drain();
            assertThat(server.get("/health").statusCode()).isEqualTo(503);
            assertThat(server.error(503, PATH, "{'prompt': 'x'}").path("code").stringValue()).isEqualTo("draining");
            Thread closing = Thread.ofPlatform().start(server.server::close);
            rest = new String(running.body().readAllBytes(), UTF_8);
            closing.join();
            assertThat(server.log).isEmpty();
            server.client.shutdownNow();
        }

        assertThat(rest).contains("\"error\":{\"message\":\"the server is shutting down\"");
    }

    @Test
    void pings_keepAStreamAliveThatHasNothingToSend() throws Exception {
        try (TestServer server =
                new TestServer(options -> options.withMaxRunning(1).withPingInterval(Duration.ofMillis(1)))) {
            String head = "";
            while (!head.equals(": ping")) {
                HttpResponse<InputStream> running = begin(server);
                HttpResponse<InputStream> waiting = server.client.send(server.postRequest(PATH, LONG),
                        HttpResponse.BodyHandlers.ofInputStream()); // comes while the other runs, by a ping
                head = new String(waiting.body().readNBytes(6), UTF_8);
                running.body().close();
                waiting.body().close();
                server.awaitIdle();
            }
        }
    }
}
