package io.github.pastkv.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.cache.prefix.ArcPolicy;
import io.github.pastkv.cache.prefix.EvictionPolicy;
import io.github.pastkv.cache.prefix.LruPolicy;
import io.github.pastkv.cache.prefix.PrefixIndex;
import io.github.pastkv.cache.prefix.PrefixNamespace;
import io.github.pastkv.cache.prefix.SlruPolicy;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Seeded random operations on caches of one pool with an index, against maps of token lists: what a cache holds after
 * each of them is a function of its tokens, hits are as long as tokens agree, and the bookkeeping is right.
 *
 * <p>20,000 operations in all; the system property {@code pastkv.test.scale} multiplies them, and
 * {@code pastkv.test.seed} chooses others.
 */
@Tag("stress")
class PrefixIndexPropertyTest {
    private static final int NUM_VARIANTS = 10;
    private static final long NUM_OPERATIONS = 20_000L * Integer.getInteger("pastkv.test.scale", 1) / NUM_VARIANTS;
    private static final long MORE_SEED = Long.getLong("pastkv.test.seed", 0L);
    /** After so many a new pool is opened: checking all of one that forgets nothing takes longer and longer. */
    private static final long ROUND_OPERATIONS = 10_000;
    private static final int MAX_CACHES = 5;
    private static final int MAX_ROWS = 4;
    private static final int MAX_TOKENS = 60;
    private static final KvShape SHAPE = new KvShape(3, 2, 3);
    private static final PrefixNamespace[] NAMESPACES = {PrefixNamespace.builder("a").with("salt", "1").build(),
        PrefixNamespace.builder("b").with("salt", "2").build()};

    /** What can happen, with how often. */
    private enum Operation {
        OPEN(6), REUSE(22), STORE(10), STORE_LATER(12), UNKNOWN(2), EDIT(2), DROP(4), FORK(6), TRUNCATE(8), SELECT(4),
        FREEZE(
                2),
        UNFREEZE(4), RESET(2), CLOSE(7), MARK(1), SNAPSHOT(3), PIN(2), UNPIN(3), CLEAR(1), EXPLAIN(2);

        private final int weight;

        Operation(int weight) {
            this.weight = weight;
        }
    }

    /** A cache, its namespace, and whether the map still knows all that the index may hold of it. */
    private record Opened(KnownCache known, int namespace) {}

    private final List<Opened> caches = new ArrayList<>();
    private final List<PastTensor> snapshots = new ArrayList<>();
    private final List<PrefixIndex.Pin> pins = new ArrayList<>();
    private final Set<Long> published = new HashSet<>(); // what may be in the index
    private final Set<Long> certain = new HashSet<>(); // what must be there, where nothing is evicted
    private final Map<Operation, Integer> counts = new EnumMap<>(Operation.class);
    private SplittableRandom random = new SplittableRandom(1);
    private int[][] scripts = new int[0][];
    private long numHits;
    private long numExhausted;
    private boolean forgets;

    @ParameterizedTest
    @CsvSource({"1,11,ARC,100000,0", "5,12,LRU,100000,0", "16,13,LRU,100000,0", "4,14,LRU,40,0", "5,15,SLRU,60,0",
        "16,16,ARC,30,0", "4,17,ARC,60,9", "3,18,LRU,90,7", "16,19,SLRU,40,5", "1,20,LRU,150,6"})
    void randomOperations_holdWhatTheTokensSay(int blockSize, long variantSeed, String policy, int maxBlocks,
            int window) {
        long seed = variantSeed + MORE_SEED;
        random = new SplittableRandom(seed);
        forgets = maxBlocks < 1000 || window > 0;
        scripts = new int[4][MAX_TOKENS];
        for (int[] script : scripts) {
            java.util.Arrays.setAll(script, _ -> random.nextInt(3));
        }
        for (long done = 0; done < NUM_OPERATIONS; done += ROUND_OPERATIONS) {
            try (KvPool pool = open(blockSize, policy, maxBlocks, window)) {
                round(pool, seed, done, Math.min(NUM_OPERATIONS, done + ROUND_OPERATIONS));
                end(pool);
            }
        }
        assertThat(counts.keySet()).containsExactlyInAnyOrder(Operation.values());
        assertThat(numHits).as("hits").isGreaterThan(NUM_OPERATIONS / 100);
        if (maxBlocks < 100) {
            assertThat(numExhausted).as("full pools").isPositive();
        }
    }

    private void round(KvPool pool, long seed, long from, long to) {
        Operation operation = Operation.OPEN;
        for (long i = from; i < to; i++) {
            try {
                operation = draw();
                run(pool, operation);
                pool.checkIntegrity();
                if (!caches.isEmpty()) {
                    caches.get(random.nextInt(caches.size())).known().check();
                }
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError(
                        "seed " + seed + ", operation " + i + " " + operation + ": " + e.getMessage(), e);
            }
        }
    }

    private static KvPool open(int blockSize, String policy, int maxBlocks, int window) {
        EvictionPolicy.Factory factory = switch (policy) {
            case "LRU" -> LruPolicy::new;
            case "SLRU" -> SlruPolicy::new;
            default -> ArcPolicy::new;
        };
        KvCacheConfig config = KvCacheConfig.of(SHAPE, 1).withBlockSize(blockSize).withMaxTokens(MAX_TOKENS)
                .withMaxRewindTokens(8);
        if (window > 0) { // layer 1 is windowed, with sinks in some variants
            config = config.withWindows(
                    layer -> layer == 1 ? new KvWindow(window, window % 2 == 0 ? 3 : 0) : KvWindow.NONE);
        }
        long bytes = (long) maxBlocks * blockSize * SHAPE.elementsPerToken() * Float.BYTES;
        KvPoolOptions options = KvPoolOptions.defaults().withPrefixIndex(factory).withPoisonedFreedBlocks();
        if (policy.equals("SLRU")) { // of cached prefixes much less than there is room for
            options = options.withMaxCachedBytes(bytes / 3);
        }
        return new KvPool(config.withMaxPoolBytes(bytes), options);
    }

    private Operation draw() {
        int total = 0;
        for (Operation operation : Operation.values()) {
            total += operation.weight;
        }
        int at = random.nextInt(total);
        for (Operation operation : Operation.values()) {
            at -= operation.weight;
            if (at < 0) {
                counts.merge(operation, 1, Integer::sum);
                return operation;
            }
        }
        throw new AssertionError("weights");
    }

    private void run(KvPool pool, Operation operation) {
        if (operation == Operation.OPEN || caches.isEmpty()) {
            open(pool);
            return;
        }
        Opened opened = caches.get(random.nextInt(caches.size()));
        KvCache cache = opened.known().cache;
        switch (operation) {
            case REUSE, STORE, STORE_LATER, UNKNOWN, EDIT, DROP -> step(opened, operation);
            case FORK -> fork(opened);
            case TRUNCATE -> truncate(opened);
            case SELECT -> select(opened);
            case FREEZE -> cache.freeze();
            case UNFREEZE -> cache.unfreeze();
            case RESET -> {
                cache.reset();
                publishAll(opened);
                opened.known().rows.forEach(List::clear);
            }
            case CLOSE -> close(opened);
            case MARK -> mark(opened);
            case SNAPSHOT -> snapshot(opened);
            case PIN -> pin(pool, opened);
            case UNPIN -> {
                if (!pins.isEmpty()) {
                    pins.remove(random.nextInt(pins.size())).close();
                }
            }
            case CLEAR -> clear(pool);
            case EXPLAIN -> explain(pool, opened);
            case OPEN -> throw new AssertionError();
        }
    }

    private void open(KvPool pool) {
        if (caches.size() == MAX_CACHES) {
            close(caches.get(random.nextInt(caches.size())));
        }
        int namespace = random.nextInt(4) == 0 ? 1 : 0;
        KvCacheConfig config = pool.config().withBatchSize(1 + random.nextInt(2));
        caches.add(new Opened(new KnownCache(pool.newCache(config, NAMESPACES[namespace])), namespace));
    }

    private static long seedOf(int namespace) {
        return KnownCache.mix(77, 1_000_003L * (namespace + 1));
    }

    /** The tokens that a step appends to a row: mostly those of a script, so that rows often agree. */
    private List<KnownCache.Token> nextTokens(Opened opened, int row, int count, boolean exact) {
        List<KnownCache.Token> tokens = new ArrayList<>();
        long hash = opened.known().lastHash(row, seedOf(opened.namespace()));
        int position = opened.known().rows.get(row).size();
        int[] script = scripts[random.nextInt(scripts.length)];
        boolean allExact = exact && opened.known().isExact(row);
        for (int i = 0; i < count; i++) {
            int tokenId = random.nextInt(30) == 0 ? random.nextInt(3) : script[(position + i) % script.length];
            hash = KnownCache.mix(hash, exact ? tokenId : random.nextLong());
            tokens.add(new KnownCache.Token(tokenId, hash, allExact));
        }
        return tokens;
    }

    private void step(Opened opened, Operation operation) {
        KnownCache known = opened.known();
        KvCache cache = known.cache;
        boolean exact = operation != Operation.UNKNOWN && operation != Operation.EDIT;
        int[][] bits = new int[cache.batchSize()][random.nextInt(3) == 0 ? 1 : random.nextInt(24)];
        List<List<KnownCache.Token>> tokens = new ArrayList<>();
        List<Integer> tokenIds = new ArrayList<>();
        for (int row = 0; row < bits.length; row++) {
            int count = 0;
            for (int slot = 0; slot < bits[row].length; slot++) {
                bits[row][slot] = random.nextInt(6) > 0
                        && known.rows.get(row).size() + count < MAX_TOKENS ? 1 : 0;
                count += bits[row][slot];
            }
            tokens.add(nextTokens(opened, row, count, exact));
            tokens.get(row).forEach(token -> tokenIds.add(token.tokenId()));
        }
        AttentionMask mask = AttentionMask.of(bits);
        int[] ids = tokenIds.stream().mapToInt(id -> id).toArray();
        try (KvStep step = begin(cache, mask, ids, operation)) {
            checkReuse(step, tokens, operation == Operation.REUSE || operation == Operation.DROP);
            known.write(step, tokens);
            if (operation == Operation.EDIT) {
                for (int row = 0; row < bits.length; row++) {
                    step.markDerived(row);
                }
            }
            if (operation != Operation.DROP) {
                step.commit();
                taken(opened, tokens, operation);
            }
        } catch (PoolExhaustedException e) {
            numExhausted++;
            assertThat(e.getMessage()).contains("evictable");
        }
    }

    private static KvStep begin(KvCache cache, AttentionMask mask, int[] ids, Operation operation) {
        return switch (operation) {
            case UNKNOWN -> cache.beginStep(mask);
            case STORE, EDIT -> cache.beginStep(mask, ids, PrefixUse.STORE);
            case STORE_LATER -> cache.beginStep(mask, ids, PrefixUse.STORE_LATER);
            default -> cache.beginStep(mask, ids, PrefixUse.REUSE);
        };
    }

    private void checkReuse(KvStep step, List<List<KnownCache.Token>> tokens, boolean reuses) {
        for (int row = 0; row < tokens.size(); row++) {
            int numReused = step.numReusedTokens(row);
            List<KnownCache.Token> ofRow = tokens.get(row);
            numHits += numReused > 0 ? 1 : 0;
            assertThat(step.numNewTokens(row)).isEqualTo(ofRow.size() - numReused);
            if (numReused > longest(ofRow, published)) {
                throw new AssertionError("row " + row + " reuses " + numReused + " tokens, "
                        + longest(ofRow, published) + " were seen");
            }
            if (reuses && !forgets && numReused < longest(ofRow, certain)) {
                throw new AssertionError("row " + row + " reuses " + numReused + " tokens, "
                        + longest(ofRow, certain) + " are there");
            }
        }
    }

    /** Leading tokens of a step that are in a set; the last one is always computed. */
    private static int longest(List<KnownCache.Token> tokens, Set<Long> among) {
        int longest = 0;
        while (longest < tokens.size() - 1 && tokens.get(longest).exact()
                && among.contains(tokens.get(longest).hash())) {
            longest++;
        }
        return longest;
    }

    /** What was taken over is in the cache, unless that is frozen. */
    private void taken(Opened opened, List<List<KnownCache.Token>> tokens, Operation operation) {
        KnownCache known = opened.known();
        if (!known.cache.frozen()) {
            for (int row = 0; row < tokens.size(); row++) {
                known.rows.get(row).addAll(tokens.get(row));
            }
            addExact(opened, published);
            if (operation == Operation.REUSE || operation == Operation.STORE) {
                addExact(opened, certain);
            }
        }
    }

    private void publishAll(Opened opened) {
        addExact(opened, published);
        addExact(opened, certain);
    }

    private static void addExact(Opened opened, Set<Long> to) {
        for (List<KnownCache.Token> row : opened.known().rows) {
            row.stream().filter(KnownCache.Token::exact).forEach(token -> to.add(token.hash()));
        }
    }

    private void fork(Opened opened) {
        if (caches.size() == MAX_CACHES) {
            close(caches.get(random.nextInt(caches.size())));
        }
        if (caches.contains(opened)) {
            caches.add(new Opened(opened.known().fork(), opened.namespace()));
        }
    }

    private void truncate(Opened opened) {
        KnownCache known = opened.known();
        int row = random.nextInt(known.rows.size());
        int numTokens = known.rows.get(row).size();
        int kept = random.nextInt(3) == 0 ? random.nextInt(numTokens + 1) : Math.max(0, numTokens - random.nextInt(9));
        try {
            known.cache.truncateRow(row, kept);
        } catch (IllegalArgumentException e) {
            assertThat(e.getMessage()).contains("has evicted");
            return;
        }
        known.rows.get(row).subList(kept, numTokens).clear();
    }

    private void select(Opened opened) {
        int[] rows = new int[1 + random.nextInt(MAX_ROWS)];
        java.util.Arrays.setAll(rows, _ -> random.nextInt(opened.known().rows.size()));
        opened.known().selectRows(rows);
    }

    private void close(Opened opened) {
        publishAll(opened);
        opened.known().cache.close();
        caches.remove(opened);
    }

    private void mark(Opened opened) {
        KnownCache known = opened.known();
        int row = random.nextInt(known.rows.size());
        List<KnownCache.Token> tokens = known.rows.get(row);
        int from = random.nextInt(tokens.size() + 1);
        known.cache.markDerived(row, from);
        tokens.replaceAll(token -> tokens.indexOf(token) < from
                ? token
                : new KnownCache.Token(token.tokenId(), token.hash(), false));
        assertThat(known.cache.numExactTokens(row)).isLessThanOrEqualTo(from);
    }

    private void snapshot(Opened opened) {
        if (snapshots.size() > 3) {
            snapshots.removeFirst().close();
        }
        snapshots.add(opened.known().cache.entry(random.nextInt(SHAPE.numLayers())).pastKeys());
    }

    private int[] rowIds(Opened opened) {
        List<KnownCache.Token> row = opened.known().rows.get(random.nextInt(opened.known().rows.size()));
        return row.stream().mapToInt(KnownCache.Token::tokenId).toArray();
    }

    private void pin(KvPool pool, Opened opened) {
        if (pins.size() > 2) {
            pins.removeFirst().close();
        }
        pins.add(pool.prefixIndex().orElseThrow().pin(NAMESPACES[opened.namespace()], rowIds(opened)));
    }

    private void clear(KvPool pool) {
        if (forgets) { // the others are asked whether all that was seen is found again
            pool.prefixIndex().orElseThrow().clear(NAMESPACES[random.nextInt(2)]);
        }
    }

    private void explain(KvPool pool, Opened opened) {
        int[] ids = rowIds(opened);
        assertThat(pool.prefixIndex().orElseThrow().explain(NAMESPACES[opened.namespace()], ids).numReused())
                .isLessThanOrEqualTo(Math.max(0, ids.length - 1));
    }

    /** With nobody left, all blocks are cached or free, and all cached ones can go. */
    private void end(KvPool pool) {
        List.copyOf(caches).forEach(this::close);
        snapshots.forEach(PastTensor::close);
        pins.forEach(PrefixIndex.Pin::close);
        pool.checkIntegrity();
        assertThat(pool.heldBytes()).isZero();
        pool.prefixIndex().orElseThrow().clear();
        pool.checkIntegrity();
        assertThat(pool.prefixIndex().orElseThrow().stats().cachedBytes()).isZero();
        assertThat(pool.prefixIndex().orElseThrow().stats().numBlocks()).isZero();
        snapshots.clear();
        pins.clear();
        published.clear();
        certain.clear();
    }
}
