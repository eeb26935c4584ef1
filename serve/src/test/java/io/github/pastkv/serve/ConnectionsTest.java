package io.github.pastkv.serve;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Connections that are idle, slow, half done or full: others are served beside them, and nothing is left of them. */
final class ConnectionsTest {
    private static final String BODY = "{\"prompt\":\"Once\",\"max_tokens\":30,\"temperature\":0,\"ignore_eos\":true}";
    private static final Path OPEN_FILES = Path.of("/proc/self/fd"); // of Linux

    @Test
    void idleConnections_leaveRoomForOthers_andNothingBehind() throws Exception {
        try (TestServer server = new TestServer()) {
            server.ask("/v1/completions", BODY);
            long numFilesBefore = numOpenFiles();
            List<Socket> idle = new ArrayList<>();
            for (int i = 0; i < 1000; i++) {
                idle.add(connect(server));
            }
            assertThat(answers(server, head(BODY.length()) + BODY, 1)).contains("HTTP/1.1 200 OK");
            for (Socket socket : idle) {
                socket.close();
            }
            long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos(); // the server closes its ends later
            while (numOpenFiles() > numFilesBefore + 10 && System.nanoTime() < deadline) {
                Thread.sleep(20);
            }
            assertThat(numOpenFiles()).isLessThanOrEqualTo(numFilesBefore + 10);
        }
    }

    private static long numOpenFiles() throws IOException {
        if (!Files.isDirectory(OPEN_FILES)) {
            return 0;
        }
        try (Stream<Path> files = Files.list(OPEN_FILES)) {
            return files.count();
        }
    }

    private static Socket connect(TestServer server) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.server.port());
        socket.setSoTimeout(120_000);
        return socket;
    }

    private static String head(int length) {
        return "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
                + length + "\r\n\r\n";
    }

    /** Sends bytes over a connection of its own, and reads until so many answers have come. */
    private static String answers(TestServer server, String bytes, int number) throws IOException {
        try (Socket socket = connect(server)) {
            socket.getOutputStream().write(bytes.getBytes(UTF_8));
            return read(socket, number);
        }
    }

    private static String read(Socket socket, int numAnswers) throws IOException {
        StringBuilder answers = new StringBuilder();
        byte[] bytes = new byte[8192];
        while (answers.toString().split("\"usage\"", -1).length <= numAnswers) {
            int length = socket.getInputStream().read(bytes);
            assertThat(length).isPositive();
            answers.append(new String(bytes, 0, length, UTF_8));
        }
        return answers.toString();
    }

    @Test
    void pipelinedRequests_areAnsweredInOrder() throws Exception {
        try (TestServer server = new TestServer()) {
            String request = head(BODY.length()) + BODY;
            assertThat(answers(server, request.repeat(3), 3).split("HTTP/1.1 200 OK", -1)).hasSize(4);
        }
    }

    @Test
    void halfSentBodies_areDropped() throws Exception {
        try (TestServer server = new TestServer(options -> options.withIdleTimeout(Duration.ofMillis(500)))) {
            for (int i = 0; i < 20; i++) {
                try (Socket socket = connect(server)) {
                    socket.getOutputStream().write((head(1000) + "{\"prompt\":").getBytes(UTF_8));
                }
            }
            try (Socket silent = connect(server)) { // stays open and sends nothing more
                silent.getOutputStream().write((head(1000) + "{\"prompt\":").getBytes(UTF_8));
                while (silent.getInputStream().read() >= 0) {
                    // an error may come first
                }
            }
        }
    }

    @Test
    void slowSenders_areAnswered() throws Exception {
        try (TestServer server = new TestServer()) {
            List<Socket> slow = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                slow.add(connect(server));
            }
            for (byte next : (head(BODY.length()) + BODY).getBytes(UTF_8)) {
                for (Socket socket : slow) {
                    socket.getOutputStream().write(next);
                }
                Thread.sleep(1);
            }
            for (Socket socket : slow) {
                assertThat(read(socket, 1)).contains("HTTP/1.1 200 OK");
                socket.close();
            }
        }
    }

    /** A connection is not idle while its request is computed, however long that takes. */
    @ParameterizedTest
    @EnumSource(HttpClient.Version.class)
    void answerThatTakesLongerThanTheIdleTimeout_comes(HttpClient.Version version) throws Exception {
        try (TestServer server = new TestServer(options -> options.withIdleTimeout(Duration.ofMillis(500)));
                HttpClient client = HttpClient.newBuilder().version(version).build()) {
            HttpResponse<String> response = client.send(server.postRequest("/v1/completions",
                    "{'prompt': 'Once', 'max_tokens': 450, 'n': 8, 'ignore_eos': true}"),
                    HttpResponse.BodyHandlers.ofString());
            assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        }
    }

    /** A client that never reads its stream holds up no other, and keeps no memory of the cache. */
    @Test
    void clientThatDoesNotRead_holdsUpNoOther() throws Exception {
        String body =
                "{\"prompt\":\"Once\",\"max_tokens\":1000,\"ignore_eos\":true,\"logprobs\":20,\"n\":2,\"stream\":true}";
        try (TestServer server = new TestServer(options -> options.withIdleTimeout(Duration.ofSeconds(1)))) {
            try (Socket socket = new Socket()) {
                socket.setReceiveBufferSize(4096);
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.server.port()));
                socket.getOutputStream().write((head(body.length()) + body).getBytes(UTF_8));
                assertThat(answers(server, head(BODY.length()) + BODY, 1)).contains("HTTP/1.1 200 OK");
                server.awaitIdle();
                server.server.requireNothingHeld();
            }
        }
    }
}
