package io.github.pastkv.store.redis;

import static io.github.pastkv.store.redis.RedisServer.bytes;

import io.github.pastkv.cache.store.ChunkKey;
import io.github.pastkv.store.TierUnavailableException;
import io.github.pastkv.store.redis.RedisServer.Pipeline;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import redis.clients.jedis.Protocol.Command;

/**
 * The names of the chunks of a tier: a sorted set {@code PREFIX:names} whose scores are all 0, so that names lie in
 * order and those with a common beginning are a range. The server removes values without their names; these are removed
 * where they are met, and by a sweep that passes over some of them with every few puts.
 */
final class RedisNames {
    private static final int MAX_CANDIDATES = 16;
    private static final int MAX_ROUNDS = 4;
    private static final int PUTS_PER_SWEEP = 8;
    private static final int NAMES_PER_PAGE = 256;
    private static final String FIRST_PAGE = "0"; // also what follows the last one
    private static final String AFTER_ALL_DIGITS = "g";

    private final RedisServer server;
    private final String prefix;
    private final Duration timeToLive;
    private final byte[] set;
    private final AtomicInteger numPuts = new AtomicInteger();
    private volatile String sweepCursor = FIRST_PAGE;

    RedisNames(RedisServer server, String prefix, Duration timeToLive) {
        this.server = server;
        this.prefix = prefix;
        this.timeToLive = timeToLive;
        this.set = bytes(prefix + ":names");
    }

    void add(Pipeline pipeline, ChunkKey key) {
        pipeline.add(Command.ZADD, set, bytes("0"), bytes(key.name()));
        pipeline.add(Command.PERSIST, set); // it has the names of values that live longer, or for ever
    }

    void remove(Pipeline pipeline, ChunkKey key) {
        pipeline.add(Command.ZREM, set, bytes(key.name()));
    }

    private byte[] value(ChunkKey key) {
        return bytes(prefix + ":" + key.name());
    }

    /**
     * A chunk that shares as many leading blocks with the given one as any other, as far as names tell. After a few
     * rounds of names without values there is none for now.
     */
    Optional<ChunkKey> sharing(ChunkKey key) {
        for (int round = 0; round < MAX_ROUNDS; round++) {
            List<List<ChunkKey>> candidates = candidates(key);
            List<ChunkKey> all = candidates.stream().flatMap(List::stream).distinct().toList();
            Set<ChunkKey> gone = withoutValue(all);
            Optional<ChunkKey> best = all.stream().filter(each -> !gone.contains(each)).findFirst();
            boolean isComplete = candidates.stream().allMatch(some -> some.size() < MAX_CANDIDATES);
            if (best.isPresent() || isComplete) {
                return best;
            }
        }
        return Optional.empty();
    }

    /** Some names for each common beginning, the longest first. */
    private List<List<ChunkKey>> candidates(ChunkKey key) {
        Pipeline pipeline = new Pipeline();
        for (String beginning : key.sharedPrefixes()) {
            pipeline.add(Command.ZRANGEBYLEX, set, bytes("[" + beginning), bytes("(" + beginning + AFTER_ALL_DIGITS),
                    bytes("LIMIT"), bytes("0"), bytes(MAX_CANDIDATES));
        }
        return server.run(pipeline).stream().map(RedisNames::keys).toList();
    }

    private static List<ChunkKey> keys(Object reply) {
        List<ChunkKey> keys = new ArrayList<>();
        for (Object name : (List<?>) reply) {
            ChunkKey.parse(text(name)).ifPresent(keys::add);
        }
        return keys;
    }

    private static String text(Object reply) {
        return new String((byte[]) reply, StandardCharsets.UTF_8);
    }

    /** Those of some chunks whose values are gone; their names are removed. */
    private Set<ChunkKey> withoutValue(List<ChunkKey> keys) {
        Set<ChunkKey> gone = new HashSet<>();
        if (keys.isEmpty()) {
            return gone;
        }
        Pipeline exist = new Pipeline();
        keys.forEach(key -> exist.add(Command.EXISTS, value(key)));
        List<Object> replies = server.run(exist);
        Pipeline remove = new Pipeline();
        for (int i = 0; i < keys.size(); i++) {
            if (replies.get(i).equals(0L)) {
                gone.add(keys.get(i));
                remove(remove, keys.get(i));
            }
        }
        if (!gone.isEmpty()) {
            server.run(remove);
        }
        return gone;
    }

    /** Passes over some names with every few calls, so that those without values stay few. */
    void sweep() {
        if (numPuts.incrementAndGet() % PUTS_PER_SWEEP == 0) {
            Page page = page(sweepCursor);
            sweepCursor = page.next();
            withoutValue(page.keys());
        }
    }

    private record Page(String next, List<ChunkKey> keys) {
        boolean isLast() {
            return next.equals(FIRST_PAGE);
        }
    }

    private Page page(String cursor) {
        List<?> reply = (List<?>) server.run(new Pipeline().add(Command.ZSCAN, set, bytes(cursor), bytes("COUNT"),
                bytes(NAMES_PER_PAGE))).getFirst();
        List<Object> names = new ArrayList<>();
        List<?> namesAndScores = (List<?>) reply.get(1);
        for (int i = 0; i < namesAndScores.size(); i += 2) {
            names.add(namesAndScores.get(i));
        }
        return new Page(text(reply.get(0)), keys(names));
    }

    /** What is done with a page of names. */
    @FunctionalInterface
    interface PageVisitor {
        /** Chunks with the lengths of their values and the seconds since their last use. */
        void visit(List<ChunkKey> page, long[] lengths, long[] idleSeconds);
    }

    /** Visits all names that have values, each page within the server's deadline. */
    void list(PageVisitor visitor) throws TierUnavailableException {
        String cursor = FIRST_PAGE;
        boolean isLast = false;
        while (!isLast) {
            String from = cursor;
            Page page = server.within(() -> {
                Page all = page(from);
                all.keys().removeAll(withoutValue(all.keys()));
                return all;
            });
            visit(page.keys(), visitor);
            cursor = page.next();
            isLast = page.isLast();
        }
    }

    private void visit(List<ChunkKey> keys, PageVisitor visitor) throws TierUnavailableException {
        if (keys.isEmpty()) {
            return;
        }
        Pipeline pipeline = new Pipeline();
        for (ChunkKey key : keys) {
            pipeline.add(Command.STRLEN, value(key)).add(Command.PTTL, value(key));
        }
        List<Object> replies = server.within(() -> server.run(pipeline));
        long[] lengths = new long[keys.size()];
        long[] idleSeconds = new long[keys.size()];
        for (int i = 0; i < keys.size(); i++) {
            lengths[i] = (Long) replies.get(2 * i);
            long millisLeft = (Long) replies.get(2 * i + 1);
            idleSeconds[i] = millisLeft < 0 ? 0 : Math.max(0, timeToLive.toMillis() - millisLeft) / 1000;
        }
        visitor.visit(keys, lengths, idleSeconds);
    }
}
