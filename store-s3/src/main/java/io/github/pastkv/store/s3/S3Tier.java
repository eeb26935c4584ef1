package io.github.pastkv.store.s3;

import io.github.pastkv.cache.store.ChunkKey;
import io.github.pastkv.cache.store.PutResult;
import io.github.pastkv.cache.store.StoreResult;
import io.github.pastkv.cache.store.StoreRun;
import io.github.pastkv.cache.store.StoreStats;
import io.github.pastkv.store.CacheTier;
import io.github.pastkv.store.ChunkFormat;
import io.github.pastkv.store.DeadlineCalls;
import io.github.pastkv.store.TierEntry;
import io.github.pastkv.store.TierUnavailableException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * Chunks as objects of a bucket: {@code PREFIX/NAME.safetensors}. Objects are put as a whole, only where none is there
 * yet, and a longer one in place of a shorter one. Names of chunks that share leading blocks begin alike, so that the
 * bucket's own listing finds them. What is no longer of use is removed by a rule of the bucket: it has no limit in
 * bytes and no times of last use.
 *
 * <p>No read takes longer than its deadline. A bucket that does not answer is not asked for a while, and comes back by
 * itself.
 */
public final class S3Tier implements CacheTier {
    private static final int MAX_CONCURRENT = 16;
    private static final int OBJECTS_PER_PAGE = 1000;
    private static final Duration FIRST_PAUSE = Duration.ofMillis(500);

    private final String name;
    private final S3Limits limits;
    private final S3Bucket bucket;
    private final DeadlineCalls reads;
    private final DeadlineCalls writes;
    private final AtomicLong numGets = new AtomicLong();
    private final AtomicLong numFound = new AtomicLong();
    private final AtomicLong numPuts = new AtomicLong();
    private final AtomicLong numBytesPut = new AtomicLong();

    S3Tier(S3Address address, S3Credentials credentials, S3Limits limits, Duration firstPause) {
        this.name = address.toString();
        this.limits = limits;
        this.bucket = new S3Bucket(address, credentials, limits);
        this.reads = new DeadlineCalls(name, address.deadline(), MAX_CONCURRENT, firstPause);
        this.writes = new DeadlineCalls(name, address.writeDeadline(), MAX_CONCURRENT, firstPause);
    }

    /** Opens a tier; a server that is gone comes later, one that refuses keys or bucket is an error. */
    static S3Tier open(S3Address address, S3Credentials credentials) throws IOException {
        S3Tier tier = new S3Tier(address, credentials, S3Limits.DEFAULT, FIRST_PAUSE);
        String refusal;
        try {
            refusal = tier.reads.call(tier.bucket::refusal);
        } catch (TierUnavailableException e) {
            return tier;
        }
        if (!refusal.isEmpty()) {
            tier.close();
            throw new IOException(address + ": " + refusal);
        }
        return tier;
    }

    @Override
    public String name() {
        return name;
    }

    private static String nameOf(ChunkKey key) {
        return key + ChunkFormat.FILE_SUFFIX;
    }

    private static Optional<ChunkKey> keyOf(String object) {
        return object.endsWith(ChunkFormat.FILE_SUFFIX)
                ? ChunkKey.parse(object.substring(0, object.length() - ChunkFormat.FILE_SUFFIX.length()))
                : Optional.empty();
    }

    @Override
    public StoreRun find(List<ChunkKey> keys) {
        if (keys.isEmpty()) {
            return new StoreRun(0, StoreRun.Next.NONE_ASKED);
        }
        int[] numChunks = {0};
        try {
            reads.call(() -> {
                try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
                    boolean goesOn = true;
                    while (goesOn && numChunks[0] < keys.size()) {
                        goesOn = findSome(keys, numChunks, threads);
                    }
                }
                return keys;
            });
        } catch (TierUnavailableException e) {
            return new StoreRun(0, StoreRun.Next.RETRY);
        }
        return new StoreRun(numChunks[0],
                numChunks[0] == keys.size() ? StoreRun.Next.NONE_ASKED : StoreRun.Next.MISSING);
    }

    /**
     * Asks for the next few at once; whether all of them are there. For the first alone: where it is missing, which is
     * all that a new text asks, the others would be asked for in vain.
     */
    private boolean findSome(List<ChunkKey> keys, int[] numChunks, ExecutorService threads) throws Exception {
        int count = numChunks[0] == 0 ? 1 : MAX_CONCURRENT;
        List<Future<Long>> sizes = keys.subList(numChunks[0], Math.min(keys.size(), numChunks[0] + count)).stream()
                .map(key -> threads.submit(() -> bucket.size(nameOf(key)))).toList();
        for (Future<Long> size : sizes) {
            if (size.get() < 0) {
                return false;
            }
            numChunks[0]++;
        }
        return true;
    }

    /**
     * By the bucket's listing. A chunk that shares more blocks shares fewer ones too, so that the longest common
     * beginning is found by bisection, and a miss costs one request.
     */
    @Override
    public StoreResult<ChunkKey> findSharing(ChunkKey key) {
        try {
            return reads.call(() -> sharing(key.sharedPrefixes())).<StoreResult<ChunkKey>> map(StoreResult.Found::new)
                    .orElseGet(StoreResult.Missing::new);
        } catch (TierUnavailableException e) {
            return new StoreResult.Retry<>(String.valueOf(e.getMessage()));
        }
    }

    private Optional<ChunkKey> sharing(List<String> longestFirst) throws Exception {
        int best = longestFirst.size() - 1;
        Optional<ChunkKey> found = firstOf(longestFirst.get(best));
        int from = 0; // the longest beginning that is there is in [from, best]
        while (found.isPresent() && from < best) {
            int middle = (from + best) >>> 1;
            Optional<ChunkKey> here = firstOf(longestFirst.get(middle));
            if (here.isPresent()) {
                found = here;
                best = middle;
            } else {
                from = middle + 1;
            }
        }
        return found;
    }

    private Optional<ChunkKey> firstOf(String beginning) throws Exception {
        return bucket.list(beginning, 1, "").objects().stream().findFirst()
                .flatMap(object -> keyOf(object.name()));
    }

    /** The content is on the heap; {@code memory} is not asked. */
    @Override
    public StoreResult<MemorySegment> get(ChunkKey key, SegmentAllocator memory) {
        numGets.incrementAndGet();
        try {
            byte[] content = reads.call(() -> bucket.get(nameOf(key), Long.MAX_VALUE));
            if (content.length == 0) {
                return new StoreResult.Missing<>();
            }
            numFound.incrementAndGet();
            return new StoreResult.Found<>(MemorySegment.ofArray(content));
        } catch (TierUnavailableException e) {
            return new StoreResult.Retry<>(String.valueOf(e.getMessage()));
        }
    }

    /** Asks for the first bytes only. */
    @Override
    public StoreResult<MemorySegment> peek(ChunkKey key, long maxBytes, SegmentAllocator memory) {
        try {
            byte[] content = reads.call(() -> bucket.get(nameOf(key), maxBytes));
            return content.length == 0 ? new StoreResult.Missing<>()
                    : new StoreResult.Found<>(MemorySegment.ofArray(content));
        } catch (TierUnavailableException e) {
            return new StoreResult.Retry<>(String.valueOf(e.getMessage()));
        }
    }

    @Override
    public PutResult put(ChunkKey key, List<MemorySegment> content) {
        long length = content.stream().mapToLong(MemorySegment::byteSize).sum();
        if (length > limits.maxObjectBytes()) {
            return PutResult.REFUSED;
        }
        byte[] joined = ChunkFormat.joined(content); // on this thread: confined segments
        try {
            if (writes.call(() -> put(nameOf(key), joined))) {
                numPuts.incrementAndGet();
                numBytesPut.addAndGet(length);
            }
            return PutResult.STORED;
        } catch (TierUnavailableException e) {
            return PutResult.RETRY;
        }
    }

    /** Whether the content is new. Asks first, as not every server refuses a put in parts that is not of a new name. */
    private boolean put(String object, byte[] content) throws Exception {
        long sizeBefore = bucket.size(object);
        return sizeBefore < content.length && bucket.put(object, content, sizeBefore < 0) == S3Bucket.Put.DONE;
    }

    @Override
    public void forget(ChunkKey key) {
        try {
            reads.call(() -> {
                bucket.delete(nameOf(key));
                return key;
            });
        } catch (TierUnavailableException e) {
            return; // it is refused again when it is read
        }
    }

    /** Times are those of writing: a bucket tells no others. */
    @Override
    public void list(Consumer<TierEntry> each) throws IOException {
        String token = "";
        do {
            String from = token;
            S3Bucket.Page page;
            try {
                page = reads.call(() -> bucket.list("", OBJECTS_PER_PAGE, from));
            } catch (TierUnavailableException e) {
                throw new IOException(e.getMessage(), e);
            }
            page.objects().forEach(object -> keyOf(object.name()).ifPresent(
                    key -> each.accept(new TierEntry(key, object.bytes(), object.lastModified()))));
            token = page.nextToken();
        } while (!token.isEmpty());
    }

    @Override
    public boolean knowsLastUse() {
        return false;
    }

    /** Counts of this process: chunks and bytes are those that it has put; {@link #list} tells what is there. */
    @Override
    public StoreStats stats() {
        return new StoreStats(numPuts.get(), numBytesPut.get(), Long.MAX_VALUE, numGets.get(), numFound.get(),
                numPuts.get(), 0);
    }

    @Override
    public void close() {
        reads.close();
        writes.close();
        bucket.close();
    }
}
