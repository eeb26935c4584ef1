package io.github.pastkv.store;

import io.github.pastkv.cache.store.ChunkKey;
import io.github.pastkv.cache.store.PutResult;
import io.github.pastkv.cache.store.StoreResult;
import io.github.pastkv.cache.store.StoreRun;
import io.github.pastkv.cache.store.StoreStats;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Chunks as files of a folder, which any number of processes may share: {@code DIR/ab/KEY.safetensors}, by the first
 * two digits of the name. The folder itself is the index, so that no process has an outdated one and opening reads
 * nothing; before the first write a process looks at all names and sizes.
 *
 * <p>A chunk is written aside, forced to the disk, renamed, and its folder forced: under its name it is whole or not
 * there, at whatever moment a process or the machine stops. Writers take turns by a lock on {@code DIR/lock}, which
 * also holds how many bytes and chunks there are: counted up before a chunk is written and down after one is removed,
 * so that the limit holds at all times, and counted anew before a process's first write. Readers take no lock.
 *
 * <p>The time of last use is a file's time of modification. Where a folder cannot be written, chunks are read and none
 * is taken. Folders are made with permissions 0700, files with 0600: what they hold can be turned back into text.
 */
public final class FileTier implements CacheTier {
    /** Limit in bytes unless said otherwise: 10 GiB. */
    public static final long DEFAULT_MAX_BYTES = 10L << 30;
    /** How long a writer waits for its turn unless said otherwise. */
    public static final Duration DEFAULT_DEADLINE = Duration.ofSeconds(2);

    private static final int MAX_CANDIDATES = 4096;
    private static final String TEMPORARY_SUFFIX = ".tmp";
    private static final Pattern TEMPORARY_NAME = Pattern.compile("\\.[0-9a-f]{32}[0-9a-f-]*\\.[0-9a-f-]{36}\\.tmp");
    /** What earlier versions named a chunk: the key of its last block, later with its number of blocks. */
    private static final Pattern EARLIER_NAME = Pattern.compile("[0-9a-f]{64}(-[1-9][0-9]{0,5})?\\.safetensors");

    private final Path folder;
    private final long maxBytes;
    private final FolderIo io;
    private final Clock clock;
    private final @Nullable FolderLock lock; // null: read-only
    private final Deque<Candidate> candidates = new ArrayDeque<>(); // for eviction, oldest first; under the lock
    private final AtomicLong numGets = new AtomicLong();
    private final AtomicLong numFound = new AtomicLong();
    private final AtomicLong numPuts = new AtomicLong();
    private final AtomicLong numEvicted = new AtomicLong();
    private volatile FolderLock.Usage lastUsage = new FolderLock.Usage(0, 0);
    private volatile boolean isCounted; // written under the lock
    private volatile boolean closed;

    private record Candidate(Path file, long bytes, Instant lastUsed) {}

    /**
     * Opens a folder, and makes it where it is not there.
     *
     * @param maxBytes most bytes of chunks in it
     * @param deadline how long a writer waits for other processes
     */
    public FileTier(Path folder, long maxBytes, Duration deadline) throws IOException {
        this(folder, maxBytes, deadline, new FolderIo(), Clock.systemUTC());
    }

    FileTier(Path folder, long maxBytes, Duration deadline, FolderIo io, Clock clock) throws IOException {
        if (maxBytes < 0) {
            throw new IllegalArgumentException("max: " + maxBytes + ", must not be negative");
        }
        this.folder = folder.toAbsolutePath().normalize();
        this.maxBytes = maxBytes;
        this.io = io;
        this.clock = clock;
        io.makeFolder(this.folder);
        this.lock = FolderLock.open(this.folder, io, deadline);
    }

    @Override
    public String name() {
        return "file:" + folder;
    }

    /** Whether the folder cannot be written, so that nothing is taken. */
    public boolean isReadOnly() {
        return lock == null;
    }

    private Path folderOf(ChunkKey key) {
        return folder.resolve(key.name().substring(0, 2));
    }

    private Path fileOf(ChunkKey key) {
        return folderOf(key).resolve(key + ChunkFormat.FILE_SUFFIX);
    }

    /** The key that a file's name says, or none for files that are no chunks. */
    private static Optional<ChunkKey> keyOf(Path file) {
        return file.getFileName().toString().endsWith(ChunkFormat.FILE_SUFFIX)
                ? ChunkKey.parse(nameOf(file))
                : Optional.empty();
    }

    /** The name of a chunk's file without its suffix. */
    private static String nameOf(Path file) {
        String name = file.getFileName().toString();
        return name.substring(0, name.length() - ChunkFormat.FILE_SUFFIX.length());
    }

    /** Whether a file is a chunk of this version or an earlier one; all others belong to somebody else. */
    private static boolean isChunk(Path file) {
        return file.getFileName().toString().startsWith(file.getName(file.getNameCount() - 2).toString())
                && (keyOf(file).isPresent() || isOfEarlierVersion(file));
    }

    private static boolean isOfEarlierVersion(Path file) {
        return EARLIER_NAME.matcher(file.getFileName().toString()).matches();
    }

    @Override
    public StoreRun find(List<ChunkKey> keys) {
        if (closed) {
            return new StoreRun(0, StoreRun.Next.RETRY);
        }
        for (int i = 0; i < keys.size(); i++) {
            try {
                if (io.size(fileOf(keys.get(i))) < 0) {
                    return new StoreRun(i, StoreRun.Next.MISSING);
                }
            } catch (IOException e) {
                return new StoreRun(i, StoreRun.Next.RETRY);
            }
        }
        return new StoreRun(keys.size(), StoreRun.Next.NONE_ASKED);
    }

    /** Looks through the names of one folder: those of chunks that share a first block are in the same. */
    @Override
    public StoreResult<ChunkKey> findSharing(ChunkKey key) {
        if (closed) {
            return new StoreResult.Retry<>("the tier is closed");
        }
        ChunkKey[] best = {null};
        String firstBlock = key.sharedPrefixes().getLast();
        try {
            io.names(folderOf(key), name -> {
                if (!name.getFileName().toString().startsWith(firstBlock)) {
                    return; // most of them: a name is read only where it can be of use
                }
                keyOf(name).ifPresent(found -> {
                    int shared = found.numSharedBlocks(key);
                    if (shared > (best[0] == null ? 0 : best[0].numSharedBlocks(key))) {
                        best[0] = found;
                    }
                });
            });
        } catch (IOException e) {
            return new StoreResult.Retry<>(String.valueOf(e));
        }
        return best[0] == null ? new StoreResult.Missing<>() : new StoreResult.Found<>(best[0]);
    }

    @Override
    public StoreResult<MemorySegment> get(ChunkKey key, SegmentAllocator memory) {
        if (closed) {
            return new StoreResult.Retry<>("the tier is closed");
        }
        numGets.incrementAndGet();
        Path file = fileOf(key);
        MemorySegment content;
        try {
            content = io.read(file, Integer.MAX_VALUE, memory);
        } catch (IOException e) {
            return new StoreResult.Retry<>(String.valueOf(e));
        }
        if (content == null) {
            return new StoreResult.Missing<>();
        }
        numFound.incrementAndGet();
        touch(file);
        return new StoreResult.Found<>(content);
    }

    @Override
    public StoreResult<MemorySegment> peek(ChunkKey key, long maxBytes, SegmentAllocator memory) {
        if (closed) {
            return new StoreResult.Retry<>("the tier is closed");
        }
        try {
            MemorySegment content = io.read(fileOf(key), Math.min(maxBytes, Integer.MAX_VALUE), memory);
            return content == null ? new StoreResult.Missing<>() : new StoreResult.Found<>(content);
        } catch (IOException e) {
            return new StoreResult.Retry<>(String.valueOf(e));
        }
    }

    /** Marks a file as used; where that cannot be, it only goes earlier. */
    private void touch(Path file) {
        try {
            io.setLastUsed(file, clock.instant());
        } catch (IOException e) {
            return;
        }
    }

    @Override
    public PutResult put(ChunkKey key, List<MemorySegment> content) {
        long bytes = content.stream().mapToLong(MemorySegment::byteSize).sum();
        if (closed) {
            return PutResult.RETRY;
        }
        if (lock == null || bytes > Math.min(maxBytes, Integer.MAX_VALUE)) {
            return PutResult.REFUSED;
        }
        try {
            return inTurn(usage -> put(key, content, bytes, usage)) ? PutResult.STORED : PutResult.RETRY;
        } catch (IOException e) { // a full disk, a folder that is gone: perhaps not for ever
            return PutResult.RETRY;
        }
    }

    /**
     * Does something in turn, with the folder counted; false where the turn did not come, or for a read-only folder.
     */
    private boolean inTurn(FolderLock.Turn turn) throws IOException {
        return lock != null && lock.with(usage -> {
            if (!isCounted) {
                countAnew(usage);
            }
            turn.run(usage);
        });
    }

    /** Under the lock. */
    private void put(ChunkKey key, List<MemorySegment> content, long bytes, FolderLock.Usage usage)
            throws IOException {
        Path file = fileOf(key);
        long bytesBefore = io.size(file);
        if (bytesBefore >= bytes) {
            touch(file);
            return;
        }
        makeRoom(bytes, usage);
        usage.add(bytes, 1); // before it takes room
        Path temporary = file.resolveSibling("." + key + "." + UUID.randomUUID() + TEMPORARY_SUFFIX);
        try {
            if (io.makeFolder(folderOf(key))) {
                io.syncFolder(folder);
            }
            io.write(temporary, content);
            io.setLastUsed(temporary, clock.instant());
            bytesBefore = io.size(file); // making room may have removed it
            io.move(temporary, file);
        } catch (IOException | RuntimeException e) {
            removeTemporary(temporary);
            usage.add(-bytes, -1);
            throw e;
        }
        if (bytesBefore >= 0) {
            usage.add(-bytesBefore, -1);
        }
        io.syncFolder(folderOf(key));
        numPuts.incrementAndGet();
        lastUsage = usage.copy();
    }

    private void removeTemporary(Path temporary) {
        try {
            io.delete(temporary);
        } catch (IOException e) {
            return; // the next process that opens the folder removes it
        }
    }

    /** Removes what was used longest ago until so many bytes have room. Under the lock. */
    private void makeRoom(long bytes, FolderLock.Usage usage) throws IOException {
        boolean isFresh = false;
        while (usage.bytes() + bytes > maxBytes) {
            Candidate oldest = candidates.poll();
            if (oldest == null && isFresh) {
                throw new IOException(usage.bytes() + " bytes are counted and no chunk is left to remove");
            }
            if (oldest == null) {
                countAnew(usage);
                isFresh = true;
            } else if (isUnused(oldest) && io.delete(oldest.file())) {
                usage.add(-oldest.bytes(), -1);
                numEvicted.incrementAndGet();
                TierEvents.evict(name(), nameOf(oldest.file()), oldest.bytes());
            }
        }
    }

    private boolean isUnused(Candidate candidate) {
        if (isOfEarlierVersion(candidate.file())) {
            return true; // named as an earlier version named chunks: nothing can find it
        }
        try {
            Instant lastUsed = io.lastUsed(candidate.file());
            return lastUsed.equals(candidate.lastUsed()) || lastUsed.isAfter(clock.instant());
        } catch (IOException e) {
            return false; // gone
        }
    }

    /** Looks at all names and sizes, removes what a stopped writer left, and finds candidates. Under the lock. */
    private void countAnew(FolderLock.Usage usage) throws IOException {
        List<Candidate> found = new ArrayList<>();
        List<Path> leftovers = new ArrayList<>();
        Instant now = clock.instant();
        forEachFolder(sub -> io.list(sub, (file, attributes) -> {
            if (isChunk(file)) {
                found.add(new Candidate(file, attributes.size(),
                        isOfEarlierVersion(file) ? Instant.EPOCH : attributes.lastModifiedTime().toInstant()));
            } else if (TEMPORARY_NAME.matcher(file.getFileName().toString()).matches()) {
                leftovers.add(file);
            }
        }));
        for (Path leftover : leftovers) {
            io.delete(leftover);
        }
        found.sort(Comparator.comparing(candidate -> candidate.lastUsed().isAfter(now) ? now : candidate.lastUsed()));
        candidates.clear();
        candidates.addAll(found.subList(0, Math.min(MAX_CANDIDATES, found.size())));
        usage.set(found.stream().mapToLong(Candidate::bytes).sum(), found.size());
        lastUsage = usage.copy();
        isCounted = true;
    }

    @FunctionalInterface
    private interface FolderVisitor {
        void visit(Path sub) throws IOException;
    }

    private void forEachFolder(FolderVisitor visitor) throws IOException {
        List<Path> folders = new ArrayList<>();
        io.list(folder, (file, attributes) -> {
            if (attributes.isDirectory() && file.getFileName().toString().matches("[0-9a-f]{2}")) {
                folders.add(file);
            }
        });
        for (Path sub : folders) {
            visitor.visit(sub);
        }
    }

    @Override
    public void forget(ChunkKey key) {
        if (closed) {
            return;
        }
        try {
            inTurn(usage -> {
                Path file = fileOf(key);
                long bytes = io.size(file);
                if (bytes >= 0 && io.delete(file)) {
                    usage.add(-bytes, -1);
                    lastUsage = usage.copy();
                }
            });
        } catch (IOException e) {
            return; // it is refused again when it is read
        }
    }

    /**
     * Removes chunks that are named as an earlier version named them, which nothing can find.
     *
     * @param removes whether to remove them, or only count them
     * @return sizes in bytes, one for each
     */
    public List<Long> unknownFiles(boolean removes) throws IOException {
        List<Candidate> found = new ArrayList<>();
        forEachFolder(sub -> io.list(sub, (file, attributes) -> {
            if (isChunk(file) && isOfEarlierVersion(file)) {
                found.add(new Candidate(file, attributes.size(), Instant.EPOCH));
            }
        }));
        for (Candidate file : found) {
            if (removes) {
                inTurn(usage -> {
                    if (io.delete(file.file())) {
                        usage.add(-file.bytes(), -1);
                        lastUsage = usage.copy();
                    }
                });
            }
        }
        return found.stream().map(Candidate::bytes).toList();
    }

    @Override
    public void list(Consumer<TierEntry> each) throws IOException {
        forEachFolder(sub -> io.list(sub, (file, attributes) -> keyOf(file).filter(_ -> isChunk(file))
                .ifPresent(key -> each.accept(
                        new TierEntry(key, attributes.size(), attributes.lastModifiedTime().toInstant())))));
    }

    /** Counts of this process; chunks and bytes are those of the folder, as of this process's last look. */
    @Override
    public StoreStats stats() {
        lookOnce();
        FolderLock.Usage usage = lastUsage;
        return new StoreStats(usage.numChunks(), usage.bytes(), maxBytes, numGets.get(), numFound.get(),
                numPuts.get(), numEvicted.get());
    }

    private void lookOnce() {
        try {
            if (!isCounted && !closed) {
                inTurn(_ -> {});
            }
        } catch (IOException e) {
            return; // the next writer looks
        }
    }

    @Override
    public void close() {
        closed = true;
        if (lock != null) {
            lock.close();
        }
    }

    @Override
    public String toString() {
        return "FileTier[" + folder + ", at most " + maxBytes + " bytes]";
    }
}
