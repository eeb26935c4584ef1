package io.github.pastkv.serve;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Requests that nobody should send: each has an answer below 500, and nothing is left of it. */
final class FuzzTest {
    private static final List<String> FIELDS = List.of("model", "messages", "prompt", "max_tokens",
            "max_completion_tokens", "temperature", "top_p", "top_k", "min_p", "n", "best_of", "stop", "stop_token_ids",
            "seed", "stream", "stream_options", "logprobs", "top_logprobs", "logit_bias", "presence_penalty",
            "frequency_penalty", "repetition_penalty", "tools", "tool_choice", "response_format", "user", "metadata",
            "cache_salt", "cache_prompt", "priority", "min_tokens", "ignore_eos", "prompt_logprobs", "echo",
            "return_token_ids", "chat_template_kwargs", "add_special_tokens", "service_tier", "modalities", "nonsense");
    private static final List<String> VALUES = List.of("null", "true", "false", "0", "-1", "1", "3", "1.5", "1e400",
            "99999999999999999999999", "\"\"", "\"text\"", "[]", "[[]]", "[1,2,3]", "[\"a\",\"b\"]", "[null]", "{}",
            "{\"a\":1}", "{\"1\":5}", "{\"include_usage\":true}", "[{\"role\":\"user\",\"content\":\"hi\"}]",
            "\"\\ud800\"", "\"\\u0000\"", "\"tiny\"");
    private static final List<String> PATHS =
            List.of("/v1/completions", "/v1/chat/completions", "/tokenize", "/detokenize", "/v1/cache/explain");

    @Test
    void mixedFields_areAnsweredOrRefused() throws Exception {
        Random random = new Random(1);
        try (TestServer server = new TestServer()) {
            for (int i = 0; i < 400; i++) {
                StringBuilder json = new StringBuilder("{\"max_tokens\":2");
                if (random.nextBoolean()) {
                    json.append(",\"prompt\":\"hi\"");
                }
                if (random.nextBoolean()) {
                    json.append(",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]");
                }
                for (int field = random.nextInt(3); field >= 0; field--) {
                    json.append(",\"").append(pick(FIELDS, random)).append("\":").append(pick(VALUES, random));
                }
                requireBelow500(server, pick(PATHS, random), json.append('}').toString().getBytes(UTF_8));
            }
        }
    }

    private static <T> T pick(List<T> list, Random random) {
        return list.get(random.nextInt(list.size()));
    }

    @Test
    void brokenBodies_areRefused() throws Exception {
        List<byte[]> bodies = new ArrayList<>(List.of(new byte[0], new byte[] {(byte) 0xFF, (byte) 0xFE},
                new byte[] {'{'},
                "[]".getBytes(UTF_8), "null".getBytes(UTF_8), "{\"prompt\":\"a\"}{}".getBytes(UTF_8),
                "{\"prompt\":\"a\",\"prompt\":\"b\"}".getBytes(UTF_8), new byte[] {'"', (byte) 0xC3, '"'},
                ("[".repeat(10_000) + "]".repeat(10_000)).getBytes(UTF_8),
                ("{\"prompt\":" + "[".repeat(10_000) + "]".repeat(10_000) + "}").getBytes(UTF_8),
                ("{\"metadata\":" + "{\"a\":".repeat(10_000) + "1" + "}".repeat(10_001)).getBytes(UTF_8),
                ("{\"n\":" + "9".repeat(5000) + "}").getBytes(UTF_8)));
        try (TestServer server = new TestServer()) {
            for (byte[] body : bodies) {
                for (String path : PATHS) {
                    assertThat(requireBelow500(server, path, body)).isEqualTo(400);
                }
            }
        }
    }

    private static int requireBelow500(TestServer server, String path, byte[] body) throws Exception {
        HttpResponse<String> response = server.client.send(server.request(path)
                .header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofByteArray(body)).build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).as("%s %s: %s", path, new String(body, UTF_8), response.body())
                .isLessThan(500);
        return response.statusCode();
    }

    @Test
    void halfSentBodies_andPipelinedRequests_andIdleConnections() throws Exception {
        try (TestServer server = new TestServer()) {
            List<Socket> idle = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                idle.add(new Socket(InetAddress.getLoopbackAddress(), server.server.port()));
            }
            for (int i = 0; i < 20; i++) {
                try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.server.port())) {
                    socket.getOutputStream().write((head(1000) + "{\"prompt\":").getBytes(UTF_8));
                }
            }
            String body = "{\"prompt\":\"Once\",\"max_tokens\":30,\"temperature\":0}";
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.server.port())) {
                socket.setSoTimeout(120_000);
                socket.getOutputStream().write(((head(body.length()) + body).repeat(3)).getBytes(UTF_8));
                StringBuilder answers = new StringBuilder();
                byte[] bytes = new byte[8192];
                while (answers.toString().split("\"usage\"", -1).length < 4) {
                    int length = socket.getInputStream().read(bytes);
                    assertThat(length).isPositive();
                    answers.append(new String(bytes, 0, length, UTF_8));
                }
                assertThat(answers.toString().split("HTTP/1.1 200 OK", -1)).hasSize(4);
            }
            for (Socket socket : idle) {
                socket.close();
            }
        }
    }

    private static String head(int length) {
        return "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
                + length + "\r\n\r\n";
    }
}
