package io.github.pastkv.serve;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.kernels.WeightType;
import io.github.pastkv.model.ComputeChoice;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/**
 * Requests of all kinds together, in a pool that is far too small for them, have the tokens and log-probabilities of
 * each alone. Preemptions, evictions, cache hits and clients that leave must all have taken place.
 */
final class SameBitsTest {
    private static final String PATH = "/v1/completions";
    private static final int SCALE = Integer.getInteger("pastkv.test.scale", 1);
    private static final long POOL_TOKENS = 400;
    private static final long BYTES_PER_TOKEN = 6144; // of the tiny model, F32
    private static final List<String> PREFIXES = List.of("Once upon a time there was a little girl named Lily. ",
            "One day, a big dog and a small cat went to the park to play. They saw a tree. ", "Tom had a red ball. ");

    @ParameterizedTest
    @CsvSource({"F32, STORED, 40", "BF16, STORED, 20", "F32, INT8, 20"})
    void answersUnderLoad_areThoseOfEachAlone(ComputeChoice compute, WeightType weights, int numRequests)
            throws Exception {
        long seed = weights == WeightType.STORED ? 15 : 17;
        List<String> requests = requests(new Random(seed), numRequests * SCALE);
        List<JsonNode> alone = new ArrayList<>();
        try (TestServer server = server(compute, weights, 1, Long.MAX_VALUE)) {
            for (String request : requests) {
                alone.add(server.ask(PATH, request.replace("'cache_prompt': true", "'cache_prompt': false"))
                        .path("choices"));
            }
        }
        try (TestServer server = server(compute, weights, 12, POOL_TOKENS)) {
            List<Integer> order = new ArrayList<>();
            for (int i = 0; i < requests.size(); i++) {
                order.add(i);
            }
            Collections.shuffle(order, new Random(seed));
            List<Callable<Boolean>> calls = new ArrayList<>();
            for (int i : order) {
                calls.add(() -> {
                    assertThat(server.ask(PATH, requests.get(i)).path("choices"))
                            .as("seed %s: %s", seed, requests.get(i))
                            .isEqualTo(alone.get(i));
                    return true;
                });
                if (i % 4 == 0) {
                    calls.add(() -> leave(server, requests.get(i)));
                }
            }
            try (ExecutorService clients = Executors.newFixedThreadPool(16)) {
                for (Future<Boolean> call : clients.invokeAll(calls)) {
                    assertThat(call.get()).isTrue();
                }
            }
            server.awaitIdle();
            String metrics = server.metrics();
            assertThat(counter(metrics, "pastkv_preemptions_total")).as("preemptions").isPositive();
            assertThat(counter(metrics, "pastkv_prefix_blocks_evicted_total")).as("evictions").isPositive();
            assertThat(counter(metrics, "pastkv_prefix_cache_hits_total")).as("hits").isPositive();
        }
    }

    private static TestServer server(ComputeChoice compute, WeightType weights, int maxRunning, long poolTokens)
            throws Exception {
        return new TestServer(options -> options.withMaxRunning(maxRunning).withMaxWaiting(10_000),
                options -> options.withCompute(compute).withWeights(weights).withMaxBatchTokens(64),
                sessions -> poolTokens == Long.MAX_VALUE
                        ? sessions
                        : sessions.withMaxPoolBytes(poolTokens * BYTES_PER_TOKEN));
    }

    /** Begins a stream and leaves it. */
    private static boolean leave(TestServer server, String request) throws Exception {
        String stream = request.replace(", 'prompt_logprobs': 1", "").replace("}", ", 'stream': true}");
        HttpResponse<InputStream> response =
                server.client.send(server.postRequest(PATH, stream), HttpResponse.BodyHandlers.ofInputStream());
        try (InputStream body = response.body()) {
            return body.read() >= 0;
        }
    }

    private static double counter(String metrics, String name) {
        return metrics.lines().filter(line -> line.startsWith(name + "{"))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1))).sum();
    }

    private static List<String> requests(Random random, int count) {
        List<String> requests = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String prompt = PREFIXES.get(random.nextInt(PREFIXES.size())).repeat(1 + random.nextInt(3))
                    + "Then number " + random.nextInt(6);
            requests.add("{'prompt': '" + prompt + "', 'max_tokens': " + (1 + random.nextInt(60)) + ", 'seed': "
                    + random.nextInt(1000) + ", 'temperature': " + random.nextInt(3) * 0.6 + ", 'n': "
                    + (1 + random.nextInt(2)) + ", 'logprobs': " + random.nextInt(3) + ", 'ignore_eos': true"
                    + ", 'return_token_ids': true, 'cache_prompt': true"
                    + (random.nextInt(4) == 0 ? ", 'frequency_penalty': 0.7, 'top_k': 20" : "")
                    + (random.nextInt(4) == 0 ? ", 'min_p': 0.05, 'top_p': 0.9" : "")
                    + (random.nextInt(4) == 0 ? ", 'stop': ['.']" : "")
                    + (random.nextInt(6) == 0 ? ", 'prompt_logprobs': 1" : "")
                    + (random.nextInt(4) == 0 ? ", 'priority': 2" : "") + "}");
        }
        return requests;
    }
}
