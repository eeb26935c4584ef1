package io.github.pastkv.store.redis;

import static io.github.pastkv.store.redis.RedisServer.bytes;

import io.github.pastkv.cache.store.ChunkKey;
import io.github.pastkv.cache.store.PutResult;
import io.github.pastkv.cache.store.StoreResult;
import io.github.pastkv.cache.store.StoreRun;
import io.github.pastkv.cache.store.StoreStats;
import io.github.pastkv.store.CacheTier;
import io.github.pastkv.store.ChunkFormat;
import io.github.pastkv.store.TierEntry;
import io.github.pastkv.store.TierUnavailableException;
import io.github.pastkv.store.redis.RedisServer.Pipeline;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * Chunks as values of a Redis or Valkey server: {@code PREFIX:NAME}, with a time to live that each use renews, and
 * their names in a sorted set (see {@link RedisNames}). The server keeps its own limit ({@code maxmemory} with a policy
 * such as {@code allkeys-lru}); what it has evicted or lost is missing. A server that is slow or gone is not waited for
 * beyond the deadline of a call, then not asked for a while, and comes back by itself.
 *
 * <p>Values are set as a whole, by one command. Nothing is transactional: of two writers any may win, and a name
 * without a value is removed where it is found.
 */
public final class RedisTier implements CacheTier {
    /** Longest value of a server: 512 MiB. */
    static final long MAX_VALUE_BYTES = 512L << 20;

    private static final Duration FIRST_PAUSE = Duration.ofMillis(500);

    private final String name;
    private final String prefix;
    private final Duration timeToLive;
    private final RedisServer server;
    private final RedisNames names;
    private final AtomicLong numGets = new AtomicLong();
    private final AtomicLong numFound = new AtomicLong();
    private final AtomicLong numPuts = new AtomicLong();
    private final AtomicLong numBytesPut = new AtomicLong();

    RedisTier(RedisAddress address, Duration firstPause) {
        this.name = address.toString();
        this.prefix = address.prefix();
        this.timeToLive = address.timeToLive();
        this.server = new RedisServer(address, firstPause);
        this.names = new RedisNames(server, prefix, timeToLive);
    }

    /** Opens a tier; a server that is gone comes later, one that refuses user or password is an error. */
    static RedisTier open(RedisAddress address) throws IOException {
        RedisTier tier = new RedisTier(address, FIRST_PAUSE);
        String refusal;
        try {
            refusal = tier.server.within(tier::refusal);
        } catch (TierUnavailableException e) {
            return tier;
        }
        if (!refusal.isEmpty()) {
            tier.close();
            throw new IOException(address + ": " + refusal);
        }
        return tier;
    }

    /** What the server has against the user or the database; empty for nothing. */
    private String refusal() {
        try {
            server.run(new Pipeline().add(Command.PING));
            return "";
        } catch (JedisDataException e) {
            String message = String.valueOf(e.getMessage());
            return message.matches("(?s)(LOADING|BUSY|MASTERDOWN).*") ? "" : message;
        }
    }

    @Override
    public String name() {
        return name;
    }

    private byte[] value(ChunkKey key) {
        return bytes(prefix + ":" + key.name());
    }

    @Override
    public StoreRun find(List<ChunkKey> keys) {
        if (keys.isEmpty()) {
            return new StoreRun(0, StoreRun.Next.NONE_ASKED);
        }
        Pipeline pipeline = new Pipeline();
        keys.forEach(key -> pipeline.add(Command.EXISTS, value(key)));
        try {
            List<Object> replies = server.within(() -> server.run(pipeline));
            int numChunks = 0;
            while (numChunks < replies.size() && replies.get(numChunks).equals(1L)) {
                numChunks++;
            }
            return new StoreRun(numChunks,
                    numChunks == keys.size() ? StoreRun.Next.NONE_ASKED : StoreRun.Next.MISSING);
        } catch (TierUnavailableException e) {
            return new StoreRun(0, StoreRun.Next.RETRY);
        }
    }

    @Override
    public StoreResult<ChunkKey> findSharing(ChunkKey key) {
        try {
            return server.within(() -> names.sharing(key)).<StoreResult<ChunkKey>> map(StoreResult.Found::new)
                    .orElseGet(StoreResult.Missing::new);
        } catch (TierUnavailableException e) {
            return retry(e);
        }
    }

    private static <T> StoreResult<T> retry(TierUnavailableException e) {
        return new StoreResult.Retry<>(String.valueOf(e.getMessage()));
    }

    /** The content is on the heap; {@code memory} is not asked. */
    @Override
    public StoreResult<MemorySegment> get(ChunkKey key, SegmentAllocator memory) {
        numGets.incrementAndGet();
        Pipeline pipeline = new Pipeline().add(Command.GET, value(key));
        renew(pipeline, key);
        try {
            if (!(server.within(() -> server.run(pipeline)).getFirst() instanceof byte[] content)) {
                return new StoreResult.Missing<>();
            }
            numFound.incrementAndGet();
            return new StoreResult.Found<>(MemorySegment.ofArray(content));
        } catch (TierUnavailableException e) {
            return retry(e);
        }
    }

    /** Asks for the first bytes only, and renews no time to live. */
    @Override
    public StoreResult<MemorySegment> peek(ChunkKey key, long maxBytes, SegmentAllocator memory) {
        Pipeline pipeline = new Pipeline().add(Command.EXISTS, value(key)).add(Command.GETRANGE, value(key),
                bytes(0), bytes(Math.clamp(maxBytes, 1, MAX_VALUE_BYTES) - 1));
        try {
            List<Object> replies = server.within(() -> server.run(pipeline));
            return replies.getFirst().equals(1L) && replies.getLast() instanceof byte[] content
                    ? new StoreResult.Found<>(MemorySegment.ofArray(content))
                    : new StoreResult.Missing<>();
        } catch (TierUnavailableException e) {
            return retry(e);
        }
    }

    private void renew(Pipeline pipeline, ChunkKey key) {
        if (timeToLive.isZero()) {
            pipeline.add(Command.PERSIST, value(key));
        } else {
            pipeline.add(Command.PEXPIRE, value(key), bytes(timeToLive.toMillis()));
        }
    }

    @Override
    public PutResult put(ChunkKey key, List<MemorySegment> content) {
        long length = content.stream().mapToLong(MemorySegment::byteSize).sum();
        if (length > MAX_VALUE_BYTES) {
            return PutResult.REFUSED;
        }
        byte[] joined = ChunkFormat.joined(content); // on this thread: confined segments
        try {
            return server.within(() -> put(key, joined));
        } catch (TierUnavailableException e) {
            return PutResult.RETRY;
        }
    }

    private PutResult put(ChunkKey key, byte[] content) {
        long lengthBefore = (Long) server.run(new Pipeline().add(Command.STRLEN, value(key))).getFirst();
        boolean isNew = lengthBefore < content.length;
        Pipeline pipeline = new Pipeline();
        if (!isNew) {
            renew(pipeline, key);
        } else if (timeToLive.isZero()) {
            pipeline.add(Command.SET, value(key), content);
        } else {
            pipeline.add(Command.SET, value(key), content, bytes("PX"), bytes(timeToLive.toMillis()));
        }
        names.add(pipeline, key);
        try {
            server.run(pipeline);
        } catch (JedisDataException e) {
            if (String.valueOf(e.getMessage()).startsWith("OOM")) { // full, and no policy of eviction
                return PutResult.REFUSED;
            }
            throw e;
        }
        if (isNew) {
            numPuts.incrementAndGet();
            numBytesPut.addAndGet(content.length);
        }
        names.sweep();
        return PutResult.STORED;
    }

    @Override
    public void forget(ChunkKey key) {
        Pipeline pipeline = new Pipeline().add(Command.DEL, value(key));
        names.remove(pipeline, key);
        try {
            server.within(() -> server.run(pipeline));
        } catch (TierUnavailableException e) {
            return; // it is refused again when it is read
        }
    }

    /** Times of last use follow from what is left of the time to live; without one they are those of the listing. */
    @Override
    public void list(Consumer<TierEntry> each) throws IOException {
        try {
            names.list((page, lengths, idleSeconds) -> {
                Instant now = Instant.now();
                for (int i = 0; i < page.size(); i++) {
                    each.accept(new TierEntry(page.get(i), lengths[i], now.minusSeconds(idleSeconds[i])));
                }
            });
        } catch (TierUnavailableException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    /** Counts of this process: chunks and bytes are those that it has put; {@link #list} tells what is there. */
    @Override
    public StoreStats stats() {
        return new StoreStats(numPuts.get(), numBytesPut.get(), Long.MAX_VALUE, numGets.get(), numFound.get(),
                numPuts.get(), 0);
    }

    @Override
    public void close() {
        server.close();
    }
}
