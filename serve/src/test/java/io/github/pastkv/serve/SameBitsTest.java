package io.github.pastkv.serve;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.kernels.weights.WeightType;
import io.github.pastkv.model.ComputeChoice;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Requests of all kinds at random times, in a pool that is far too small for them, have the tokens and
 * log-probabilities of each alone, and what a client gets before it leaves is the beginning of them. Preemptions,
 * evictions, cache hits, misses and clients that leave must all have taken place.
 */
@Tag("stress")
final class SameBitsTest {
    private static final int SCALE = Integer.getInteger("pastkv.test.scale", 1);
    private static final int NUM_CLIENTS = 16;
    private static final long POOL_TOKENS = 400;
    private static final long BYTES_PER_TOKEN = 6144; // of the tiny model, F32

    private final AtomicInteger numLeft = new AtomicInteger();
    private final AtomicInteger numTokens = new AtomicInteger();

    @ParameterizedTest
    @CsvSource({"F32, STORED, 20", "BF16, STORED, 20", "F32, INT8, 20", "BF16, INT8, 20"})
    void answersUnderLoad_areThoseOfEachAlone(ComputeChoice compute, WeightType weights, int numRequests)
            throws Exception {
        long seed = weights == WeightType.STORED ? 15 : 16;
        Random random = new Random(seed);
        List<MixedRequest> requests =
                Stream.generate(() -> MixedRequest.of(random)).limit((long) numRequests * SCALE).toList();
        List<AnswerBits> alone = new ArrayList<>();
        try (TestServer server = server(compute, weights, 1, Long.MAX_VALUE)) {
            for (MixedRequest request : requests) {
                alone.add(AnswerBits.of(server.ask(request.path(), request.whole(false))));
            }
        }
        try (TestServer server = server(compute, weights, 12, POOL_TOKENS)) {
            List<Callable<Boolean>> calls = new ArrayList<>();
            for (int i = 0; i < requests.size(); i++) {
                MixedRequest request = requests.get(i);
                AnswerBits expected = alone.get(i);
                Random ofCall = new Random(seed + i);
                calls.add(() -> compare(server, request, expected, ofCall));
            }
            run(calls);
            server.awaitIdle();
            requireAllTookPlace(server.metrics());
        }
        System.out.println(compute + ", " + weights + ": " + requests.size() + " requests, " + numTokens
                + " tokens compared, " + numLeft + " left early");
    }

    private static void run(List<Callable<Boolean>> calls) throws Exception {
        try (ExecutorService clients = Executors.newFixedThreadPool(NUM_CLIENTS)) {
            for (Future<Boolean> call : clients.invokeAll(calls)) {
                assertThat(call.get()).isTrue();
            }
        }
    }

    private static TestServer server(ComputeChoice compute, WeightType weights, int maxRunning, long poolTokens)
            throws Exception {
        return new TestServer(options -> options.withMaxRunning(maxRunning).withMaxWaiting(10_000)
                .withIdleTimeout(Duration.ofMinutes(10)),
                options -> options.withCompute(compute).withWeights(weights).withMaxBatchTokens(64),
                sessions -> poolTokens == Long.MAX_VALUE
                        ? sessions
                        : sessions.withMaxPoolBytes(poolTokens * BYTES_PER_TOKEN));
    }

    private boolean compare(TestServer server, MixedRequest request, AnswerBits expected, Random random)
            throws Exception {
        Thread.sleep(random.nextInt(20)); // so that requests arrive at random times
        boolean usesCache = random.nextInt(5) != 0;
        boolean streams = request.canStream() && random.nextBoolean();
        HttpRequest http = HttpRequest
                .newBuilder(server.postRequest(request.path(),
                        streams ? request.streamed(usesCache) : request.whole(usesCache)), (_, _) -> true)
                .version(random.nextBoolean() ? HttpClient.Version.HTTP_2 : HttpClient.Version.HTTP_1_1).build();
        boolean leaves = random.nextInt(4) == 0;
        if (leaves && !streams) {
            CompletableFuture<HttpResponse<String>> answer =
                    server.client.sendAsync(http, HttpResponse.BodyHandlers.ofString());
            answer.orTimeout(random.nextInt(200), TimeUnit.MILLISECONDS).handle((_, _) -> true).join();
            numLeft.addAndGet(answer.cancel(true) || answer.isCompletedExceptionally() ? 1 : 0);
            return true;
        }
        AnswerBits actual = streams
                ? streamed(server, http, leaves ? random.nextInt(20) : Integer.MAX_VALUE)
                : AnswerBits.of(TestServer.json(server.client.send(http, HttpResponse.BodyHandlers.ofString()).body()));
        numTokens.addAndGet(actual.numTokens());
        if (leaves) {
            assertThat(actual.isPrefixOf(expected)).as("%s of %s: %s", actual, expected, request).isTrue();
        } else {
            assertThat(actual).as("%s", request).hasToString(expected.toString());
        }
        return true;
    }

    /** What comes of a stream until its client leaves, after a number of events or at the end. */
    private AnswerBits streamed(TestServer server, HttpRequest http, int maxEvents) throws Exception {
        AnswerBits bits = new AnswerBits();
        HttpResponse<Stream<String>> response = server.client.send(http, HttpResponse.BodyHandlers.ofLines());
        try (Stream<String> lines = response.body()) {
            lines.filter(line -> line.startsWith("data: {")).limit(maxEvents)
                    .forEach(line -> bits.add(TestServer.json(line.substring(6))));
        }
        numLeft.addAndGet(maxEvents == Integer.MAX_VALUE ? 0 : 1);
        return bits;
    }

    private void requireAllTookPlace(String metrics) {
        assertThat(numLeft).as("clients that left").hasPositiveValue();
        assertThat(counter(metrics, "pastkv_preemptions_total")).as("preemptions").isPositive();
        assertThat(counter(metrics, "pastkv_prefix_blocks_evicted_total")).as("evictions").isPositive();
        double numHits = counter(metrics, "pastkv_prefix_cache_hits_total");
        assertThat(numHits).as("hits").isPositive();
        assertThat(counter(metrics, "pastkv_prefix_cache_queries_total")).as("queries").isGreaterThan(numHits);
    }

    private static double counter(String metrics, String name) {
        return metrics.lines().filter(line -> line.startsWith(name + "{"))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1))).sum();
    }
}
