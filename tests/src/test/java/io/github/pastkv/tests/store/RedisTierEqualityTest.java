package io.github.pastkv.tests.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.store.TierUse;
import io.github.pastkv.testkit.golden.GoldenModel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import redis.embedded.RedisServer;

/**
 * What one model has read into a Redis server gives another one the bits of computing: in whole, in part, through a
 * folder before it, and from that folder when the server is gone. With and without windows, in each storage type.
 */
class RedisTierEqualityTest {
    private static final int[] PROMPT = IntStream.range(0, 45).map(i -> i * 7 % 61 + 1).toArray();
    private static final int NUM_SHARED = 30;

    @TempDir private static Path folder;
    private static RedisServer server;
    private static String redis;

    @BeforeAll
    static void startServer() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        server = RedisServer.newRedisServer().bind("127.0.0.1").port(port).setting("save \"\"")
                .onShutdownForceStop(true).build();
        server.start();
        redis = "redis://127.0.0.1:" + port;
    }

    @AfterAll
    static void stopServer() throws IOException {
        server.stop();
    }

    static Stream<Case> cases() {
        return Stream.of("llama", "mistral", "gemma2")
                .flatMap(family -> Stream.of(KvType.values()).map(type -> new Case(family, type)));
    }

    record Case(String family, KvType type) {
        private float[] logits(Model model, int[] tokenIds) {
            try (Session session =
                    model.newSession(SessionOptions.defaults().withKvType(type).withBlockSize(4))) {
                return session.prefill(tokenIds).toFloatArray();
            }
        }

        private Model load(int numThreads, String... tiers) throws IOException {
            return Model.load(GoldenModel.of(family).folder(),
                    ModelOptions.defaults().withNumThreads(numThreads).withCacheTiers(tiers));
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void wholePartAndThroughAFolder_haveTheBitsOfComputing(Case each) throws IOException {
        int[] other = PROMPT.clone();
        other[NUM_SHARED] = 62;
        float[] whole;
        float[] part;
        try (Model model = each.load(1)) {
            whole = each.logits(model, PROMPT);
        }
        try (Model model = each.load(1)) {
            part = each.logits(model, other);
        }
        String near = "file:" + Files.createTempDirectory(folder, "near") + "?chunk=8&load=always";
        try (Model model = each.load(2, redis + "?chunk=8&load=always")) {
            assertThat(each.logits(model, PROMPT)).isEqualTo(whole);
            assertThat(loaded(model)).containsExactly(0L);
        }
        try (Model model = each.load(3, redis + "?chunk=8&load=always")) {
            assertThat(each.logits(model, PROMPT)).isEqualTo(whole);
            assertThat(loaded(model).getFirst()).isPositive();
        }
        try (Model model = each.load(1, redis + "?chunk=8&load=always")) {
            assertThat(each.logits(model, other)).isEqualTo(part);
            assertThat(loaded(model).getFirst()).isPositive();
        }
        try (Model model = each.load(2, near, redis)) {
            assertThat(each.logits(model, PROMPT)).isEqualTo(whole);
            assertThat(loaded(model).getFirst()).isZero();
            assertThat(loaded(model).getLast()).as("promoted as the model closes").isPositive();
        }
        try (Model model = each.load(1, near, "redis://127.0.0.1:1?deadline=100ms")) {
            assertThat(each.logits(model, PROMPT)).isEqualTo(whole);
            if (!each.family().equals("mistral")) { // of windows in all layers only the last chunk was loaded
                assertThat(loaded(model).getFirst()).as("near, the server being gone").isPositive();
            }
        }
    }

    private static List<Long> loaded(Model model) {
        return model.tierUses().stream().map(TierUse::numTokensLoaded).toList();
    }
}
