package io.github.pastkv.store.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.github.pastkv.cache.prefix.PrefixNamespace;
import io.github.pastkv.cache.store.BlockKey;
import io.github.pastkv.cache.store.ChunkKey;
import io.github.pastkv.cache.store.PutResult;
import io.github.pastkv.cache.store.StoreResult;
import io.github.pastkv.cache.store.StoreRun;
import io.github.pastkv.store.CacheTier;
import io.github.pastkv.store.CacheTiers;
import io.github.pastkv.store.TierEntry;
import io.github.pastkv.store.TierUnavailableException;
import io.github.pastkv.store.TierUri;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.assertj.core.api.AbstractStringAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Large objects, many objects, wrong keys, and a server that answers wrongly, slowly or not at all. */
class S3TierTest {
    private static ChunkKey key(int number) {
        BlockKey root = BlockKey.root(PrefixNamespace.builder("s3").with("model", 7).build(), "storage");
        return ChunkKey.of(List.of(root.next(new int[] {number}, 0, 1)));
    }

    private static PutResult put(CacheTier tier, int number, byte[] content) {
        return tier.put(key(number), List.of(MemorySegment.ofArray(content)));
    }

    private static byte[] get(CacheTier tier, int number) {
        return tier.get(key(number), Arena.ofAuto()) instanceof StoreResult.Found<MemorySegment>(MemorySegment found)
                ? found.toArray(ValueLayout.JAVA_BYTE)
                : null;
    }

    private static byte[] randomBytes(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    @Test
    void largeObject_isPutInParts_onlyWhereNoneIsThere() throws IOException {
        try (CacheTier tier = TestBucket.shared().open("large")) {
            byte[] whole = randomBytes(2 * TestBucket.PART_BYTES + 1234);
            byte[] begin = randomBytes(TestBucket.PART_BYTES + 1);
            assertThat(put(tier, 1, begin)).isEqualTo(PutResult.STORED);
            assertThat(Arrays.equals(get(tier, 1), begin)).isTrue();
            assertThat(put(tier, 1, whole)).as("longer").isEqualTo(PutResult.STORED);
            assertThat(put(tier, 1, begin)).as("shorter").isEqualTo(PutResult.STORED);
            assertThat(Arrays.equals(get(tier, 1), whole)).isTrue();
            assertThat(tier.stats().numPuts()).isEqualTo(2);
        }
    }

    @Test
    void listing_goesOverPages() throws IOException, InterruptedException {
        try (CacheTier tier = TestBucket.shared().open("pages");
                S3Bucket bucket = new S3Bucket(S3Address.of(TierUri.parse("s3://bucket/pages?endpoint="
                        + TestBucket.shared().endpoint())), TestBucket.CREDENTIALS, S3Limits.DEFAULT)) {
            for (int number = 0; number < 7; number++) {
                put(tier, number, new byte[] {1, 2});
            }
            try (CacheTier below = TestBucket.shared().open("pages/below")) {
                put(below, 8, new byte[] {1, 2});
            }
            List<String> names = new ArrayList<>();
            String token = "";
            do {
                S3Bucket.Page page = bucket.list("", 3, token);
                assertThat(page.objects()).hasSizeLessThanOrEqualTo(3);
                page.objects().forEach(object -> names.add(object.name()));
                token = page.nextToken();
            } while (!token.isEmpty());
            List<String> entries = new ArrayList<>();
            tier.list(entry -> entries.add(entry.key() + ".safetensors"));
            assertThat(names).hasSize(7).isSorted().isEqualTo(entries);
        } catch (TierUnavailableException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void wrongKeysAndBuckets_areErrorsOfOpening_withoutSecrets() throws IOException {
        String endpoint = TestBucket.shared().endpoint();
        for (S3Credentials wrong : List.of(new S3Credentials("test-identity", "hush", null),
                new S3Credentials("nobody", "hush", null))) {
            S3Address address = S3Address.of(TierUri.parse("s3://bucket?endpoint=" + endpoint));
            assertThatThrownBy(() -> S3Tier.open(address, wrong)).isInstanceOf(IOException.class)
                    .hasMessageStartingWith("s3://bucket/: status 403").hasMessageNotContaining("hush");
        }
        S3Address noBucket = S3Address.of(TierUri.parse("s3://no-bucket?endpoint=" + endpoint));
        assertThatThrownBy(() -> S3Tier.open(noBucket, TestBucket.CREDENTIALS)).isInstanceOf(IOException.class)
                .hasMessageContaining("404");
    }

    @Test
    void credentials_areThoseOfTheEnvironmentOrAProfile(@TempDir Path folder) throws IOException {
        TierUri uri = TierUri.parse("s3://bucket");
        Path file = Files.writeString(folder.resolve("credentials"), """
                [default]
                aws_access_key_id = a
                aws_secret_access_key=b

                [other]
                # a comment
                aws_access_key_id=c
                aws_secret_access_key=d
                aws_session_token=e
                """);
        Map<String, String> environment = new HashMap<>(Map.of("AWS_SHARED_CREDENTIALS_FILE", file.toString()));
        assertThat(S3Credentials.find(uri, environment)).isEqualTo(new S3Credentials("a", "b", null));
        assertThat(S3Credentials.find(TierUri.parse("s3://bucket?profile=other"), environment))
                .isEqualTo(new S3Credentials("c", "d", "e"));
        environment.put("AWS_ACCESS_KEY_ID", "f");
        assertThatThrownBy(() -> S3Credentials.find(uri, environment)).hasMessageContaining("no secret key");
        environment.put("AWS_SECRET_ACCESS_KEY", "g");
        assertThat(S3Credentials.find(uri, environment)).isEqualTo(new S3Credentials("f", "g", null))
                .hasToString("credentials");
        environment.put("AWS_PROFILE", "other");
        environment.put("AWS_SECRET_ACCESS_KEY", " g\n");
        environment.put("AWS_SESSION_TOKEN", " ");
        assertThat(S3Credentials.find(uri, environment)).as("keys before a profile")
                .isEqualTo(new S3Credentials("f", "g", null));
        assertThat(S3Credentials.find(TierUri.parse("s3://bucket?profile=default"), environment))
                .isEqualTo(new S3Credentials("a", "b", null));
        environment.put("AWS_SECRET_ACCESS_KEY", "hush\nhush");
        assertThatThrownBy(() -> S3Credentials.find(uri, environment)).isInstanceOf(IOException.class)
                .hasMessageContaining("a character").hasMessageNotContaining("hush");
        environment.put("AWS_ACCESS_KEY_ID", "");
        assertThat(S3Credentials.find(uri, environment)).as("blank is absent")
                .isEqualTo(new S3Credentials("c", "d", "e"));
        assertThatThrownBy(() -> S3Credentials.find(uri, Map.of("AWS_SHARED_CREDENTIALS_FILE", folder + "/none")))
                .isInstanceOf(IOException.class).hasMessageContaining("AWS_ACCESS_KEY_ID");
    }

    @Test
    void wrongUris_areRefused() {
        for (String uri : List.of("s3://", "s3:bucket", "s3://Bucket", "s3://bucket/a b", "s3://bucket?endpoint=x",
                "s3://bucket?endpoint=ftp://x", "s3://bucket?endpoint=http://x/path", "s3://bucket?region=A",
                "s3://bucket?deadline=0s", "s3://bucket?max=1GiB")) {
            assertThatThrownBy(() -> CacheTiers.open(TierUri.parse(uri))).as(uri)
                    .isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith("cache tier");
        }
    }

    /** A server whose answer can be exchanged. */
    private static final class FakeServer implements AutoCloseable {
        private final HttpServer server;
        private volatile int status;
        private volatile boolean trickles;
        private volatile boolean floods;
        private final CountDownLatch closed = new CountDownLatch(1);
        private final AtomicInteger numRequests = new AtomicInteger();

        FakeServer() throws IOException {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
            server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
            server.createContext("/", this::answer);
            server.start();
        }

        private void answer(HttpExchange exchange) throws IOException {
            numRequests.incrementAndGet();
            byte[] body = "<Error><Code>SlowDown</Code></Error>".getBytes(StandardCharsets.US_ASCII);
            if (floods) {
                flood(exchange);
                return;
            }
            try (exchange; OutputStream output = exchange.getResponseBody()) {
                if (exchange.getRequestMethod().equals("HEAD")) {
                    if (trickles) { // an answer to this has no body that could be slow
                        closed.await();
                    }
                    exchange.sendResponseHeaders(status, -1);
                    return;
                }
                exchange.sendResponseHeaders(trickles ? 200 : status, trickles ? 1_000_000 : 0);
                for (int i = 0; trickles && i < 10_000; i++) {
                    output.write('x');
                    output.flush();
                    LockSupport.parkNanos(10_000_000);
                }
                output.write(body);
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }

        /** Sends without end, as fast as it is read, until the client goes. */
        private void flood(HttpExchange exchange) throws IOException {
            exchange.sendResponseHeaders(status, 0);
            byte[] some = new byte[1 << 20];
            OutputStream output = exchange.getResponseBody();
            while (true) {
                output.write(some);
            }
        }

        String endpoint() {
            return "http://127.0.0.1:" + server.getAddress().getPort();
        }

        @Override
        public void close() {
            closed.countDown();
            server.stop(0);
        }
    }

    private static void assertUnavailable(CacheTier tier) {
        assertThat(tier.find(List.of(key(1)))).isEqualTo(new StoreRun(0, StoreRun.Next.RETRY));
        assertThat(tier.findSharing(key(1))).isInstanceOf(StoreResult.Retry.class);
        assertThat(tier.get(key(1), Arena.ofAuto())).isInstanceOf(StoreResult.Retry.class);
        assertThat(put(tier, 1, new byte[3])).isEqualTo(PutResult.RETRY);
        tier.forget(key(1));
        assertThatThrownBy(() -> tier.list((TierEntry _) -> {})).isInstanceOf(IOException.class);
    }

    @Test
    void serverThatAnswersWrongly_isAReason_andComesBackByItself() throws IOException {
        try (FakeServer server = new FakeServer()) {
            for (int status : new int[] {503, 500, 429, 403, 301}) {
                server.status = status;
                try (CacheTier tier = TestBucket.open(server.endpoint(), "p", "&deadline=2s&writeDeadline=2s")) {
                    assertUnavailable(tier);
                    server.status = 404;
                    StoreResult<MemorySegment> last = tier.get(key(1), Arena.ofAuto());
                    for (int i = 0; i < 500 && last instanceof StoreResult.Retry; i++) {
                        LockSupport.parkNanos(10_000_000);
                        last = tier.get(key(1), Arena.ofAuto());
                    }
                    assertThat(last).as("after %d", status).isEqualTo(new StoreResult.Missing<>());
                }
            }
        }
    }

    @Test
    void serverThatNeverEnds_isLeftAtTheDeadline() throws IOException {
        try (FakeServer server = new FakeServer()) {
            server.trickles = true;
            try (CacheTier tier = TestBucket.open(server.endpoint(), "p", "&deadline=100ms&writeDeadline=100ms")) {
                assertUnavailable(tier);
            }
        }
        try (CacheTier tier = TestBucket.open("http://127.0.0.1:1", "p", "")) {
            assertUnavailable(tier);
        }
    }

    /** Otherwise the heap would fill until the deadline. */
    @Test
    void bodyWithoutEnd_isReadUpToItsLimit() throws IOException {
        try (FakeServer server = new FakeServer()) {
            server.floods = true;
            for (int status : new int[] {200, 206, 503}) {
                server.status = status;
                assertThatReads(server, tier -> reasonOf(tier.get(key(1), Arena.ofAuto()))).contains("exceeds");
                assertThatReads(server, tier -> reasonOf(tier.peek(key(1), 9, Arena.ofAuto()))).contains("exceeds");
                assertThatReads(server, tier -> reasonOf(tier.findSharing(key(1)))).contains("exceeds");
            }
        }
    }

    /** A tier of its own for each call: after a failure it pauses. */
    private static AbstractStringAssert<?> assertThatReads(FakeServer server, Function<CacheTier, String> read)
            throws IOException {
        try (CacheTier tier = TestBucket.open(server.endpoint(), "p", "&deadline=600s&writeDeadline=600s")) {
            return assertThat(read.apply(tier));
        }
    }

    private static String reasonOf(StoreResult<?> result) {
        return result instanceof StoreResult.Retry<?>(String reason) ? reason : "no retry: " + result;
    }

    @Test
    void newText_costsOneRequest() throws IOException {
        try (FakeServer server = new FakeServer()) {
            server.status = 404;
            try (CacheTier tier = TestBucket.open(server.endpoint(), "p", "&deadline=600s")) {
                List<ChunkKey> keys = IntStream.range(0, 40).mapToObj(S3TierTest::key).toList();
                assertThat(tier.find(keys)).isEqualTo(new StoreRun(0, StoreRun.Next.MISSING));
            }
            assertThat(server.numRequests.get()).isEqualTo(1);
        }
    }

    @Test
    void objectAboveTheLimit_isNotTaken() throws IOException {
        try (CacheTier tier = TestBucket.shared().open("limit")) {
            assertThat(put(tier, 1, new byte[(int) TestBucket.MAX_OBJECT_BYTES + 1])).isEqualTo(PutResult.REFUSED);
            assertThat(get(tier, 1)).isNull();
        }
    }

    @Test
    void peek_readsThatPartOnly() throws IOException {
        try (CacheTier tier = TestBucket.shared().open("peek")) {
            assertThat(put(tier, 1, randomBytes(5000))).isEqualTo(PutResult.STORED);
            assertThat(tier.peek(key(1), 100, Arena.ofAuto())).isInstanceOfSatisfying(StoreResult.Found.class,
                    found -> assertThat(((MemorySegment) found.content()).byteSize()).isEqualTo(100));
        }
    }
}
