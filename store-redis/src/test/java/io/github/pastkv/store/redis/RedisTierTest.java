package io.github.pastkv.store.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.cache.prefix.PrefixNamespace;
import io.github.pastkv.cache.store.BlockKey;
import io.github.pastkv.cache.store.ChunkKey;
import io.github.pastkv.cache.store.PutResult;
import io.github.pastkv.cache.store.StoreResult;
import io.github.pastkv.cache.store.StoreRun;
import io.github.pastkv.store.CacheTier;
import io.github.pastkv.store.CacheTiers;
import io.github.pastkv.store.TierEntry;
import io.github.pastkv.store.TierUri;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Protocol.Command;

/** A server that evicts, restarts, is full, slow, gone or no Redis at all: misses and reasons, never an error. */
class RedisTierTest {
    private static final int CHUNK_BYTES = 100_000;

    private static ChunkKey key(int number) {
        BlockKey first = BlockKey.root(PrefixNamespace.builder("redis").with("model", 7).build(), "storage").next(
                new int[] {7}, 0, 1);
        return ChunkKey.of(List.of(first, first.next(new int[] {number}, 0, 1)));
    }

    private static byte[] content(int number) {
        byte[] bytes = new byte[CHUNK_BYTES];
        Arrays.fill(bytes, (byte) number);
        return bytes;
    }

    private static PutResult put(CacheTier tier, int number) {
        return tier.put(key(number), List.of(MemorySegment.ofArray(content(number))));
    }

    private static byte @Nullable [] get(CacheTier tier, int number) {
        return tier.get(key(number), Arena.ofAuto()) instanceof StoreResult.Found<MemorySegment>(MemorySegment found)
                ? found.toArray(ValueLayout.JAVA_BYTE)
                : null;
    }

    private static List<ChunkKey> list(CacheTier tier) throws IOException {
        List<TierEntry> entries = new ArrayList<>();
        tier.list(entries::add);
        return entries.stream().map(TierEntry::key).toList();
    }

    /** Everything that is asked of a server that does not answer is a reason. */
    private static void assertUnavailable(CacheTier tier) {
        assertThat(tier.find(List.of(key(1)))).isEqualTo(new StoreRun(0, StoreRun.Next.RETRY));
        assertThat(tier.findSharing(key(1))).isInstanceOf(StoreResult.Retry.class);
        assertThat(tier.get(key(1), Arena.ofAuto())).isInstanceOf(StoreResult.Retry.class);
        assertThat(put(tier, 1)).isEqualTo(PutResult.RETRY);
        tier.forget(key(1));
        assertThatThrownBy(() -> tier.list(_ -> {})).isInstanceOf(IOException.class);
    }

    /** The tier is asked until it has stored a chunk, for minutes on a slow machine. */
    private static void awaitReturn(CacheTier tier) {
        for (int i = 0; i < 30_000; i++) {
            if (put(tier, 1) == PutResult.STORED) {
                assertThat(get(tier, 1)).isEqualTo(content(1));
                return;
            }
            LockSupport.parkNanos(10_000_000);
        }
        throw new AssertionError("the tier does not come back");
    }

    @Test
    void serverThatStopsAndReturns_isAMiss_andComesBackByItself() throws IOException {
        try (TestServer server = new TestServer(); RedisTier tier = server.open("deadline=60s")) {
            put(tier, 1);
            server.stop();
            assertUnavailable(tier);
            server.start();
            awaitReturn(tier);
            server.stop(); // kept connections are closed, nothing has failed yet
            server.start();
            assertThat(tier.get(key(1), Arena.ofAuto())).as("at once").isEqualTo(new StoreResult.Missing<>());
        }
    }

    @Test
    void serverThatComesLater_isFound() throws IOException {
        try (TestServer server = new TestServer()) {
            server.stop();
            try (RedisTier tier = server.open("deadline=60s")) {
                assertUnavailable(tier);
                server.start();
                awaitReturn(tier);
            }
        }
    }

    /** A server that takes connections and sends {@code beginning}, then a byte now and then. */
    private static void withSlowServer(String beginning, String options) throws Exception {
        try (ServerSocket slow = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Thread.ofVirtual().start(() -> {
                while (!slow.isClosed()) {
                    try {
                        Socket socket = slow.accept();
                        Thread.ofVirtual().start(() -> trickle(socket, beginning));
                    } catch (IOException e) {
                        return;
                    }
                }
            });
            String uri = "redis://127.0.0.1:" + slow.getLocalPort() + "?" + options;
            try (CacheTier tier = CacheTiers.open(TierUri.parse(uri))) {
                assertUnavailable(tier);
            }
        }
    }

    private static void trickle(Socket socket, String beginning) {
        try (socket; OutputStream output = socket.getOutputStream()) {
            output.write(beginning.getBytes(StandardCharsets.US_ASCII));
            for (int i = 0; i < 10_000; i++) {
                output.write('x');
                output.flush();
                LockSupport.parkNanos(10_000_000);
            }
        } catch (IOException e) {
            return; // the tier has left
        }
    }

    @Test
    void serverThatNeverEnds_isLeftAtTheDeadline() throws Exception {
        withSlowServer("", "deadline=100ms");
        withSlowServer("$1000000\r\n", "deadline=100ms");
        withSlowServer("HTTP/1.1 400 Bad Request\r\n\r\n", "deadline=100ms");
    }

    @Test
    void interruptedReader_getsAReason_andKeepsItsInterrupt() throws IOException {
        try (TestServer server = new TestServer(); RedisTier tier = server.open("")) {
            put(tier, 1);
            Thread.currentThread().interrupt();
            assertThat(tier.get(key(1), Arena.ofAuto())).isInstanceOf(StoreResult.Retry.class);
            assertThat(Thread.interrupted()).isTrue();
            assertThat(get(tier, 1)).as("no pause").isEqualTo(content(1));
        }
    }

    @Test
    void serverThatEvicts_isAMiss_andNamesOfTheEvictedGo() throws IOException {
        try (TestServer server = new TestServer("maxmemory 6mb", "maxmemory-policy allkeys-random");
                RedisTier tier = server.open("")) {
            for (int number = 0; number < 100; number++) {
                put(tier, number); // the set of names may go too
                byte[] found = get(tier, number);
                assertThat(found == null || Arrays.equals(found, content(number))).isTrue();
                if (tier.findSharing(key(1000)) instanceof StoreResult.Found<ChunkKey>(ChunkKey found2)) {
                    assertThat(tier.find(List.of(found2)).numChunks()).isEqualTo(1);
                }
            }
            assertThat((Long) server.send(Command.DBSIZE)).isLessThan(80);
            server.send(Command.CONFIG, "SET", "maxmemory", "0");
            put(tier, 100);
            assertThat(list(tier)).contains(key(100)).allMatch(key -> tier.find(List.of(key)).numChunks() == 1);
            assertThat((Long) server.send(Command.ZCARD, "pastkv:names")).isEqualTo(list(tier).size());
        }
    }

    @Test
    void namesWithoutValues_areSweptByPuts() throws IOException {
        try (TestServer server = new TestServer(); RedisTier tier = server.open("")) {
            for (int number = 0; number < 40; number++) {
                put(tier, number);
                server.send(Command.DEL, "pastkv:" + key(number));
            }
            assertThat((Long) server.send(Command.ZCARD, "pastkv:names")).isLessThan(10);
        }
    }

    @Test
    void fullServerWithoutEviction_refuses() throws IOException {
        try (TestServer server = new TestServer("maxmemory 3mb", "maxmemory-policy noeviction");
                RedisTier tier = server.open("")) {
            PutResult last = PutResult.STORED;
            for (int number = 0; number < 100 && last == PutResult.STORED; number++) {
                last = put(tier, number);
            }
            assertThat(last).isEqualTo(PutResult.REFUSED);
            assertThat(get(tier, 0)).isEqualTo(content(0));
        }
    }

    @Test
    void timeToLive_isRenewedByUse() throws IOException {
        try (TestServer server = new TestServer(); RedisTier tier = server.open("ttl=1h&prefix=p")) {
            put(tier, 1);
            String value = "p:" + key(1);
            assertThat((Long) server.send(Command.PTTL, value)).isBetween(3_500_000L, 3_600_000L);
            server.send(Command.PEXPIRE, value, "60000");
            get(tier, 1);
            assertThat((Long) server.send(Command.PTTL, value)).isGreaterThan(3_500_000L);
            server.send(Command.PEXPIRE, value, "60000");
            assertThat(tier.peek(key(1), 3, Arena.ofAuto())).isInstanceOfSatisfying(StoreResult.Found.class,
                    found -> assertThat(((MemorySegment) found.content()).byteSize()).isEqualTo(3));
            tier.list((TierEntry _) -> {});
            assertThat((Long) server.send(Command.PTTL, value)).as("seen by people").isLessThan(60_001);
            put(tier, 1);
            assertThat((Long) server.send(Command.PTTL, value)).isGreaterThan(3_500_000L);
            assertThat((Long) server.send(Command.PTTL, "p:names")).as("no end").isEqualTo(-1);
            try (RedisTier forEver = server.open("ttl=0s&prefix=p")) {
                assertThat(get(forEver, 1)).isNotNull();
                assertThat((Long) server.send(Command.PTTL, value)).isEqualTo(-1);
            }
            server.send(Command.PEXPIRE, value, "1");
            LockSupport.parkNanos(20_000_000);
            assertThat(get(tier, 1)).isNull();
            assertThat(tier.findSharing(key(2))).isEqualTo(new StoreResult.Missing<>());
        }
    }

    @Test
    void valueOfAnotherType_isAReason() throws IOException {
        try (TestServer server = new TestServer(); RedisTier tier = server.open("")) {
            server.send(Command.SADD, "pastkv:" + key(1), "x");
            assertThat(tier.get(key(1), Arena.ofAuto())).isInstanceOf(StoreResult.Retry.class);
            assertThat(put(tier, 1)).isEqualTo(PutResult.RETRY);
            tier.forget(key(1));
            assertThat(put(tier, 1)).isEqualTo(PutResult.STORED);
        }
    }

    @Test
    void userPasswordAndDatabase_areUsed_andStayOutOfMessages(@TempDir Path folder) throws IOException {
        try (TestServer server = new TestServer("requirepass s3cret", "user ann on >hush ~* +@all")) {
            String hostAndPort = server.uri().substring("redis://".length());
            for (String login : List.of(":s3cret@", "ann:hush@")) {
                try (CacheTier tier = CacheTiers.open(TierUri.parse("valkey://" + login + hostAndPort + "/3"))) {
                    assertThat(put(tier, 1)).isEqualTo(PutResult.STORED);
                    assertThat(tier.name()).isEqualTo("redis://" + hostAndPort + "/3");
                }
            }
            Path file = Files.writeString(folder.resolve("password"), "hush\n");
            try (CacheTier tier = CacheTiers.open(
                    TierUri.parse("redis://ann:@" + hostAndPort + "/3?passwordFile=" + file))) {
                assertThat(get(tier, 1)).isEqualTo(content(1));
            }
            assertThatThrownBy(() -> CacheTiers.open(TierUri.parse("redis://ann:wrong@" + hostAndPort)))
                    .isInstanceOf(IOException.class).hasMessageContaining("WRONGPASS")
                    .hasMessageNotContaining("wrong@");
            assertThatThrownBy(() -> CacheTiers.open(TierUri.parse("redis://" + hostAndPort)))
                    .isInstanceOf(IOException.class).hasMessageContaining("NOAUTH");
        }
    }

    @Test
    void wrongUris_areRefused_withoutTheirPassword() {
        for (String uri : List.of("redis://", "redis:host", "redis://ann@host", "redis://:s3cret@host/x",
                "redis://:s3cret@host:port", "redis://:s3cret@host?ttl=1", "redis://:s3cret@host?max=1GiB",
                "redis://:s3cret@host?deadline=0s", "redis://:s3cret@host?prefix=a%20b", "redis://:s3 cret@host",
                "redis://:s3cret@host?passwordFile=", "redis://:s3/cret@host", "redis://:s3@cret@host/x",
                "redis://:s3?cret@host", "redis://:s3cret?x=y@host", "redis://ann:s3cret?x=y@host",
                "redis://:s3?x=cret@host", "redis://:s3?cret=x@host&cret=y", "redis://h?password=s3cret",
                "redis://h?x=s3cret", "redis://h?s3cret", "redis://h?ttl=%cret", "redis:s3cret@host",
                "//:s3cret@host")) {
            assertThatThrownBy(() -> CacheTiers.open(TierUri.parse(uri))).as(uri)
                    .isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith("cache tier")
                    .hasMessageNotContaining("cret").hasMessageNotContaining("s3");
        }
    }
}
