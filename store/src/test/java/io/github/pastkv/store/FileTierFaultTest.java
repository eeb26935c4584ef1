package io.github.pastkv.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.cache.prefix.PrefixNamespace;
import io.github.pastkv.cache.store.BlockKey;
import io.github.pastkv.cache.store.ChunkKey;
import io.github.pastkv.cache.store.PutResult;
import io.github.pastkv.cache.store.StoreResult;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file tier on a file system that fails: at every call, once or for ever; read-only; full; with a wrong clock. */
class FileTierFaultTest {
    private static final int CHUNK_BYTES = 1000;
    private static final long MAX_BYTES = 3L * CHUNK_BYTES + 500;
    private static final Duration DEADLINE = Duration.ofMillis(50);

    @TempDir private Path temporary;

    /** Fails from one call on, or at one call only; a failing write leaves half of the file. */
    private static final class FailingIo extends FolderIo {
        private final int failsAt;
        private final boolean forEver;
        private int numCalls;

        FailingIo(int failsAt, boolean forEver) {
            this.failsAt = failsAt;
            this.forEver = forEver;
        }

        private void call() throws IOException {
            numCalls++;
            if (numCalls == failsAt || (forEver && numCalls > failsAt)) {
                throw new IOException("an injected fault at call " + numCalls);
            }
        }

        @Override
        boolean makeFolder(Path folder) throws IOException {
            call();
            return super.makeFolder(folder);
        }

        @Override
        FileChannel openShared(Path file) throws IOException {
            call();
            return super.openShared(file);
        }

        @Override
        @Nullable
        FileLock tryLock(FileChannel channel) throws IOException {
            call();
            return super.tryLock(channel);
        }

        @Override
        void writeLongs(FileChannel channel, long... values) throws IOException {
            call();
            super.writeLongs(channel, values);
        }

        @Override
        long[] readLongs(FileChannel channel, int count) throws IOException {
            call();
            return super.readLongs(channel, count);
        }

        @Override
        void write(Path file, List<MemorySegment> content) throws IOException {
            try {
                call();
            } catch (IOException e) { // as on a full disk
                Files.write(file, new byte[CHUNK_BYTES / 2]);
                throw e;
            }
            Files.write(file, content.getFirst().toArray(ValueLayout.JAVA_BYTE)); // without waiting for the disk
        }

        @Override
        void move(Path from, Path to) throws IOException {
            call();
            super.move(from, to);
        }

        @Override
        void syncFolder(Path folder) throws IOException {
            call();
        }

        @Override
        boolean delete(Path file) throws IOException {
            call();
            return super.delete(file);
        }

        @Override
        long size(Path file) throws IOException {
            call();
            return super.size(file);
        }

        @Override
        Instant lastUsed(Path file) throws IOException {
            call();
            return super.lastUsed(file);
        }

        @Override
        void setLastUsed(Path file, Instant time) throws IOException {
            call();
            super.setLastUsed(file, time);
        }

        @Override
        void list(Path folder, BiConsumer<Path, BasicFileAttributes> each) throws IOException {
            call();
            super.list(folder, each);
        }

        @Override
        @Nullable
        MemorySegment read(Path file, long maxBytes, SegmentAllocator memory) throws IOException {
            call();
            return super.read(file, maxBytes, memory);
        }
    }

    private static final class SettableClock extends Clock {
        private Instant now = Instant.now();

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            now = now.plusMillis(10);
            return now;
        }
    }

    private static ChunkKey key(int number) {
        BlockKey root = BlockKey.root(PrefixNamespace.builder("faults").with("model", 7).build(), "storage");
        return ChunkKey.of(List.of(root.next(new int[] {number}, 0, 1)));
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

    private static FileTier open(Path folder) throws IOException {
        return new FileTier(folder, MAX_BYTES, DEADLINE);
    }

    /** A few puts, of which some evict, gets and a removal; the last calls may fail. */
    private static void use(FileTier tier) {
        for (int number = 0; number < 6; number++) {
            put(tier, number);
            byte[] found = get(tier, number / 2);
            assertThat(found == null || Arrays.equals(found, content(number / 2))).isTrue();
        }
        tier.forget(key(5));
        tier.find(List.of(key(3), key(4)));
    }

    private static void assertSound(FileTier tier) throws IOException {
        List<TierEntry> entries = new ArrayList<>();
        tier.list(entries::add);
        assertThat(entries).hasSizeLessThanOrEqualTo(3).allMatch(entry -> entry.bytes() == CHUNK_BYTES);
        assertThat(tier.stats().bytes()).isEqualTo((long) entries.size() * CHUNK_BYTES);
        assertThat(tier.stats().numChunks()).isEqualTo(entries.size());
        for (int number = 0; number < 6; number++) {
            byte[] found = get(tier, number);
            assertThat(found == null || Arrays.equals(found, content(number))).isTrue();
        }
    }

    @Test
    void everyCallThatFailsForEver_leavesASoundFolder() throws IOException {
        boolean failed = true;
        for (int failsAt = 1; failed; failsAt++) {
            Path folder = Files.createTempDirectory(temporary, "stopped");
            FailingIo io = new FailingIo(failsAt, true);
            try (FileTier tier = new FileTier(folder, MAX_BYTES, DEADLINE, io, Clock.systemUTC())) {
                use(tier);
            } catch (IOException e) {
                assertThat(e).hasMessageContaining("injected");
            }
            failed = io.numCalls >= failsAt;
            try (FileTier tier = open(folder)) {
                assertSound(tier);
                assertThat(put(tier, 9)).isEqualTo(PutResult.STORED);
            }
        }
    }

    @Test
    void everyCallThatFailsOnce_isOvercome() throws IOException {
        boolean failed = true;
        for (int failsAt = 1; failed; failsAt++) {
            Path folder = Files.createTempDirectory(temporary, "once");
            FailingIo io = new FailingIo(failsAt, false);
            try (FileTier tier = new FileTier(folder, MAX_BYTES, DEADLINE, io, Clock.systemUTC())) {
                use(tier);
                if (!tier.isReadOnly()) {
                    PutResult first = put(tier, 9); // may meet the fault
                    assertThat(first == PutResult.STORED ? first : put(tier, 9)).as("call %d", failsAt)
                            .isEqualTo(PutResult.STORED);
                    byte[] found = get(tier, 9);
                    assertThat(found == null ? get(tier, 9) : found).isEqualTo(content(9));
                }
            } catch (IOException e) {
                assertThat(e).hasMessageContaining("injected");
            }
            failed = io.numCalls >= failsAt;
            try (FileTier tier = open(folder)) {
                assertSound(tier);
            }
        }
    }

    @Test
    void readOnlyFolder_isRead_andTakesNothing() throws IOException {
        try (FileTier tier = open(temporary)) {
            put(tier, 1);
        }
        FolderIo readOnly = new FolderIo() {
            @Override
            FileChannel openShared(Path file) throws IOException {
                throw new AccessDeniedException(file.toString());
            }

            @Override
            void setLastUsed(Path file, Instant time) throws IOException {
                throw new AccessDeniedException(file.toString());
            }
        };
        try (FileTier tier = new FileTier(temporary, MAX_BYTES, DEADLINE, readOnly, Clock.systemUTC())) {
            assertThat(tier.isReadOnly()).isTrue();
            assertThat(get(tier, 1)).isEqualTo(content(1));
            assertThat(put(tier, 2)).isEqualTo(PutResult.REFUSED);
            tier.forget(key(1));
            assertThat(get(tier, 1)).isEqualTo(content(1));
        }
    }

    @Test
    void clockSetBack_keepsTheLimit_andEvictsSomething() throws IOException {
        SettableClock clock = new SettableClock();
        try (FileTier tier = new FileTier(temporary, MAX_BYTES, DEADLINE, new FolderIo(), clock)) {
            for (int number = 0; number < 30; number++) {
                clock.now = number == 10 ? clock.now.minus(Duration.ofDays(400)) : clock.now;
                assertThat(put(tier, number)).isEqualTo(PutResult.STORED);
                assertThat(get(tier, number)).isEqualTo(content(number));
                assertThat(tier.stats().bytes()).isLessThanOrEqualTo(MAX_BYTES);
            }
            assertThat(get(tier, 29)).isEqualTo(content(29));
        }
    }

    @Test
    void chunksAndFolders_areTheirOwnersOnly() throws IOException {
        Path folder = temporary.resolve("a").resolve("b");
        try (FileTier tier = open(folder)) {
            put(tier, 1);
        }
        try (var files = Files.walk(folder)) {
            for (Path file : files.toList()) {
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                        .isEqualTo(Files.isDirectory(file) ? "rwx------" : "rw-------");
            }
        }
    }

    @Test
    void folderThatIsAFile_isRefused() throws IOException {
        Path file = Files.createFile(temporary.resolve("file"));
        assertThatThrownBy(() -> open(file)).isInstanceOf(IOException.class).hasMessageContaining("file");
    }

    @Test
    void interruptedReader_doesNotBreakTheTier() throws IOException {
        try (FileTier tier = open(temporary)) {
            put(tier, 1);
            Thread.currentThread().interrupt();
            tier.get(key(1), Arena.ofAuto());
            tier.forget(key(2));
            put(tier, 2);
            assertThat(Thread.interrupted()).isTrue();
            assertThat(put(tier, 3)).isEqualTo(PutResult.STORED);
            assertThat(get(tier, 3)).isEqualTo(content(3));
        }
    }
}
