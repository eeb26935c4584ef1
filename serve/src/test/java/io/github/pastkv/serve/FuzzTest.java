package io.github.pastkv.serve;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Requests that nobody should send: each has an answer below 500, and nothing is left of it. */
final class FuzzTest {
    private static final List<String> FIELDS = List.of("model", "messages", "prompt", "max_tokens",
            "max_completion_tokens", "temperature", "top_p", "top_k", "min_p", "n", "best_of", "stop", "stop_token_ids",
            "seed", "stream", "stream_options", "logprobs", "top_logprobs", "logit_bias", "presence_penalty",
            "frequency_penalty", "repetition_penalty", "tools", "tool_choice", "response_format", "user", "metadata",
            "cache_salt", "cache_prompt", "reuse_generated_tokens", "priority", "min_tokens", "ignore_eos",
            "prompt_logprobs", "echo",
            "return_token_ids", "chat_template_kwargs", "add_special_tokens", "service_tier", "modalities", "system",
            "stop_sequences", "thinking", "input",
            "instructions", "max_output_tokens", "include", "text", "reasoning", "store", "nonsense");
    private static final List<String> VALUES = List.of("null", "true", "false", "0", "-1", "1", "3", "1.5", "1e400",
            "99999999999999999999999", "\"\"", "\"text\"", "[]", "[[]]", "[1,2,3]", "[\"a\",\"b\"]", "[null]", "{}",
            "{\"a\":1}", "{\"1\":5}", "{\"include_usage\":true}", "[{\"role\":\"user\",\"content\":\"hi\"}]",
            "\"\\ud800\"", "\"\\u0000\"", "\"tiny\"", "9223372036854775807", "-9223372036854775808",
            "[[[[1]]]]", "[1e400]", "[-1]", "{\"a\":null}", "[{\"role\":\"user\",\"content\":[{\"type\":\"text\"}]}]",
            "[{\"role\":1,\"content\":{}}]", "\"" + "x".repeat(5000) + "\"");
    private static final int SCALE = Integer.getInteger("pastkv.test.scale", 1);
    private static final List<String> PATHS =
            List.of("/v1/completions", "/v1/chat/completions", "/tokenize", "/detokenize", "/v1/cache/explain",
                    "/v1/messages",
                    "/v1/messages/count_tokens", "/v1/responses");

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

    /** Each field alone, with each value, beside what else makes the request valid; and each absent. */
    @Test
    void eachFieldWithEachValue_isAnsweredOrRefused() throws Exception {
        try (TestServer server = new TestServer()) {
            for (String path : PATHS) {
                for (String field : FIELDS) {
                    requireBelow500(server, path, body(path, field, "").getBytes(UTF_8));
                    for (int i = 0; i < VALUES.size(); i += SCALE >= 10 ? 1 : 17) { // two of them by default
                        String value = VALUES.get((i + field.length() + path.length()) % VALUES.size());
                        requireBelow500(server, path, body(path, field, value).getBytes(UTF_8));
                    }
                }
            }
        }
    }

    /** A valid body, but for {@code field}, which is {@code value} or absent. */
    private static String body(String path, String field, String value) {
        Map<String, String> fields = new TreeMap<>(path.endsWith("/detokenize")
                ? Map.of("tokens", "[1,2]")
                : path.endsWith("/responses")
                        ? Map.of("input", "\"hi\"", "max_output_tokens", "2")
                        : Map.of("max_tokens", "2", path.matches(".*(chat|messages).*") ? "messages" : "prompt",
                                path.matches(".*(chat|messages).*") ? "[{\"role\":\"user\",\"content\":\"hi\"}]"
                                        : "\"hi\""));
        fields.remove(field);
        if (!value.isEmpty()) {
            fields.put(field, value);
        }
        return fields.entrySet().stream().map(each -> "\"" + each.getKey() + "\":" + each.getValue())
                .collect(Collectors.joining(",", "{", "}"));
    }

    @Test
    void damagedBodies_areAnsweredOrRefused() throws Exception {
        Random random = new Random(2);
        try (TestServer server = new TestServer()) {
            for (int i = 0; i < 200 * SCALE; i++) {
                String path = pick(PATHS, random);
                byte[] body = body(path, "", "").getBytes(UTF_8);
                for (int damage = random.nextInt(3); damage >= 0; damage--) {
                    body = damaged(body, random);
                }
                requireBelow500(server, path, body);
            }
        }
    }

    /** {@code body} with a byte changed, or a part lost, doubled or moved to the end. */
    private static byte[] damaged(byte[] body, Random random) {
        int from = random.nextInt(body.length + 1);
        int to = from + random.nextInt(body.length - from + 1);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(body, 0, from);
        switch (random.nextInt(4)) {
            case 0 -> out.write(random.nextInt(256));
            case 1 -> out.write(body, from, to - from);
            case 2 -> {
                out.write(body, from, to - from);
                out.write(body, from, to - from);
            }
            default -> to = from;
        }
        out.write(body, Math.min(to, body.length), body.length - Math.min(to, body.length));
        return out.toByteArray();
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
}
