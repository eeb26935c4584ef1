package io.github.pastkv.tests.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.store.StoreResult;
import io.github.pastkv.cache.store.StoreStats;
import io.github.pastkv.cache.store.StoredChunk;
import io.github.pastkv.store.FileTier;
import io.github.pastkv.store.TierEntry;
import io.github.pastkv.store.TierStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two processes write the same chunks into one folder that is too small for them and are killed at random moments:
 * nothing wrong is ever there, the limit holds, and the folder opens afterward. 3 times, or that often times
 * {@code -Dpastkv.test.scale}: 100 for the long run.
 */
@Tag("stress")
class FileTierKillTest {
    private static final long MAX_BYTES = 60_000; // some 40 chunks of 200
    private static final int NUM_CHUNKS = 200;
    private static final int NUM_KILLS = 3 * Integer.getInteger("pastkv.test.scale", 1);

    @TempDir private Path folder;

    /** Writes and reads until it is killed. */
    static final class Writer {
        private Writer() {}

        public static void main(String[] args) throws IOException {
            Random random = new Random(Long.parseLong(args[1]));
            try (TierStore store = TierStore.of(new FileTier(Path.of(args[0]), MAX_BYTES, FileTier.DEFAULT_DEADLINE));
                    Arena arena = Arena.ofShared()) {
                store.put(Chunks.chunk(0));
                System.out.println("ready");
                while (true) {
                    store.put(Chunks.chunk(random.nextInt(NUM_CHUNKS)));
                    StoredChunk asked = Chunks.chunk(random.nextInt(NUM_CHUNKS));
                    if (store.get(asked.key(), "", arena) instanceof StoreResult.Refused<StoredChunk>(String reason)) {
                        System.out.println("refused " + reason);
                        System.exit(3);
                    }
                }
            }
        }
    }

    private Process start(long seed) throws IOException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Process process = new ProcessBuilder(java, "-XX:TieredStopAtLevel=1", "-Xmx64m", "-cp",
                System.getProperty("java.class.path"), Writer.class.getName(), folder.toString(), Long.toString(seed))
                .redirectErrorStream(true).start();
        assertThat(process.inputReader().readLine()).isEqualTo("ready");
        return process;
    }

    @Test
    void killedWriters_leaveNothingWrong() throws Exception {
        Random random = new Random(11);
        for (int kill = 0; kill < NUM_KILLS; kill++) {
            Process one = start(2L * kill);
            Process two = start(2L * kill + 1);
            TimeUnit.MICROSECONDS.sleep(random.nextInt(300_000));
            assertThat(bytesAtRest()).as("the limit holds at all times, kill %d", kill)
                    .isLessThanOrEqualTo(MAX_BYTES);
            one.destroyForcibly().waitFor();
            TimeUnit.MICROSECONDS.sleep(random.nextInt(20_000));
            two.destroyForcibly().waitFor();
            assertThat(List.of(one.exitValue(), two.exitValue())).as("kill %d", kill).containsOnly(137);
            assertSound(kill);
        }
        assertThat(bytesIn(folder)).isPositive();
    }

    private void assertSound(int kill) throws IOException {
        assertThat(bytesIn(folder)).as("kill %d", kill).isLessThanOrEqualTo(MAX_BYTES);
        try (FileTier tier = new FileTier(folder, MAX_BYTES, FileTier.DEFAULT_DEADLINE);
                TierStore store = TierStore.of(tier)) {
            List<TierEntry> entries = new ArrayList<>();
            tier.list(entries::add);
            StoreStats stats = tier.stats();
            assertThat(stats.bytes()).isEqualTo(entries.stream().mapToLong(TierEntry::bytes).sum())
                    .isEqualTo(bytesIn(folder));
            assertThat(stats.numChunks()).isEqualTo(entries.size());
            for (int number = 0; number < NUM_CHUNKS; number++) {
                StoreResult<StoredChunk> result = store.get(Chunks.chunk(number).key(), "", Arena.ofAuto());
                if (result instanceof StoreResult.Found<StoredChunk>(StoredChunk found)) {
                    assertThat(Chunks.encoded(found)).isEqualTo(Chunks.encoded(Chunks.chunk(number)));
                } else {
                    assertThat(result).as("kill %d", kill).isInstanceOf(StoreResult.Missing.class);
                }
            }
        }
    }

    /** With the folder's lock: a walk beside a writer may count a file and the one that replaced it. */
    private long bytesAtRest() throws IOException {
        try (FileChannel channel = FileChannel.open(folder.resolve("lock"), StandardOpenOption.WRITE);
                FileLock _ = channel.lock()) {
            return bytesIn(folder);
        }
    }

    /** Bytes of all files but the lock, temporary ones included. */
    private static long bytesIn(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> !file.endsWith("lock")).mapToLong(FileTierKillTest::fileBytes).sum();
        }
    }

    private static long fileBytes(Path file) {
        try {
            return Files.isDirectory(file) ? 0 : Files.size(file);
        } catch (NoSuchFileException e) {
            return 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
