package io.github.pastkv.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The turn of one writer of a folder, among all threads and processes, and the counts that go with it: bytes and chunks
 * of the folder, in the lock's own file.
 */
final class FolderLock implements AutoCloseable {
    private static final Map<Path, ReentrantLock> IN_PROCESS = new ConcurrentHashMap<>(); // file locks are a process's

    private final Path file;
    private FileChannel channel; // guarded by inProcess
    private boolean closed; // guarded by inProcess
    private final FolderIo io;
    private final Duration deadline;
    private final ReentrantLock inProcess;

    /** What is done in one's turn. */
    @FunctionalInterface
    interface Turn {
        void run(Usage usage) throws IOException;
    }

    /** What the folder holds; changes are in the file when they return. */
    static final class Usage {
        private long bytes;
        private long numChunks;
        private final @Nullable FolderLock lock;

        Usage(long bytes, long numChunks) {
            this(bytes, numChunks, null);
        }

        private Usage(long bytes, long numChunks, @Nullable FolderLock lock) {
            this.bytes = bytes;
            this.numChunks = numChunks;
            this.lock = lock;
        }

        long bytes() {
            return bytes;
        }

        long numChunks() {
            return numChunks;
        }

        void add(long moreBytes, long moreChunks) throws IOException {
            set(Math.max(0, bytes + moreBytes), Math.max(0, numChunks + moreChunks));
        }

        void set(long newBytes, long newNumChunks) throws IOException {
            bytes = newBytes;
            numChunks = newNumChunks;
            if (lock != null) {
                lock.io.writeLongs(lock.channel, bytes, numChunks);
            }
        }

        Usage copy() {
            return new Usage(bytes, numChunks);
        }
    }

    private FolderLock(Path file, FolderIo io, Duration deadline, ReentrantLock inProcess) throws IOException {
        this.file = file;
        this.channel = io.openShared(file);
        this.io = io;
        this.deadline = deadline;
        this.inProcess = inProcess;
    }

    /** The lock of a folder; null where the folder cannot be written. */
    static @Nullable FolderLock open(Path folder, FolderIo io, Duration deadline) throws IOException {
        ReentrantLock inProcess = IN_PROCESS.computeIfAbsent(folder.toRealPath(), _ -> new ReentrantLock());
        try {
            return new FolderLock(folder.resolve("lock"), io, deadline, inProcess);
        } catch (IOException e) {
            return null;
        }
    }

    /** Does something in turn; false where the turn did not come before the deadline. */
    boolean with(Turn turn) throws IOException {
        long end = System.nanoTime() + deadline.toNanos();
        try {
            if (!inProcess.tryLock(deadline.toNanos(), TimeUnit.NANOSECONDS)) {
                return false;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
        try (FileLock lock = awaitFileLock(end)) {
            if (lock == null) {
                return false;
            }
            long[] counts = io.readLongs(channel, 2);
            turn.run(new Usage(counts[0], counts[1], this));
            return true;
        } finally {
            inProcess.unlock();
        }
    }

    private @Nullable FileLock awaitFileLock(long end) throws IOException {
        if (closed) {
            return null;
        }
        if (!channel.isOpen()) { // an interrupt closes a channel
            channel = io.openShared(file);
        }
        FileLock lock = io.tryLock(channel);
        while (lock == null && System.nanoTime() < end && !Thread.currentThread().isInterrupted()) {
            LockSupport.parkNanos(1_000_000);
            lock = io.tryLock(channel);
        }
        return lock;
    }

    @Override
    public void close() {
        inProcess.lock(); // closing would also give up the lock that another channel of this process has
        try {
            closed = true;
            channel.close();
        } catch (IOException e) {
            return;
        } finally {
            inProcess.unlock();
        }
    }
}
