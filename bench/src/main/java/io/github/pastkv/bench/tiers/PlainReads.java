package io.github.pastkv.bench.tiers;

import io.github.pastkv.cache.store.StoreResult;
import io.github.pastkv.cache.store.StoredChunk;
import io.github.pastkv.store.CacheTier;
import io.github.pastkv.store.CacheTiers;
import io.github.pastkv.store.TierEntry;
import io.github.pastkv.store.TierStore;
import io.github.pastkv.store.TierUri;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Times reading all chunks of a tier on one thread, into memory that is reused: with all that is verified, and plainly.
 * Plain reads of a folder are those of its files, of a server those of the tier without a look at the content.
 */
final class PlainReads {
    private static final int READ_BYTES = 4 << 20;
    private static final int NUM_PASSES = 10;
    private static final Path DROP_CACHES = Path.of("/proc/sys/vm/drop_caches");

    private final TierUri uri;
    private final CacheTier tier;
    private final List<TierEntry> entries = new ArrayList<>();
    private final List<Path> files = new ArrayList<>();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(READ_BYTES);
    private MemorySegment memory = MemorySegment.NULL;

    private PlainReads(TierUri uri, CacheTier tier) throws IOException {
        this.uri = uri;
        this.tier = tier;
        tier.list(entries::add);
        if (uri.scheme().equals("file")) {
            try (Stream<Path> all = Files.walk(Path.of(uri.location()))) {
                all.filter(file -> file.toString().endsWith(".safetensors")).forEach(files::add);
            }
        }
    }

    /** Reads everything in turn a few times, and prints a line for each pair. */
    static void print(TierUri uri, boolean dropsPageCache) throws IOException {
        try (TierStore store = TierStore.of(CacheTiers.open(uri)); CacheTier tier = CacheTiers.open(uri);
                Arena arena = Arena.ofConfined()) {
            PlainReads reads = new PlainReads(uri, tier);
            for (int pass = 0; pass < NUM_PASSES; pass++) {
                reads.printPair(store, arena, false);
            }
            for (int pass = 0; dropsPageCache && pass < NUM_PASSES / 2; pass++) {
                reads.printPair(store, arena, true);
            }
        }
    }

    private void printPair(TierStore store, Arena arena, boolean dropsPageCache) throws IOException {
        dropPageCache(dropsPageCache);
        long start = System.nanoTime();
        long bytes = uri.scheme().equals("file") ? readFiles() : getAll();
        double plain = (System.nanoTime() - start) / 1e9;
        dropPageCache(dropsPageCache);
        start = System.nanoTime();
        for (TierEntry entry : entries) {
            StoreResult<StoredChunk> chunk = store.get(entry.key(), "", reused(arena));
            if (!(chunk instanceof StoreResult.Found<StoredChunk>)) {
                throw new IOException(entry.key() + ": " + chunk);
            }
        }
        double verified = (System.nanoTime() - start) / 1e9;
        System.out.printf(Locale.ROOT,
                "%d bytes%s: plain reads %.1f ms (%.2f GB/s), read and verified %.1f ms (%.2f): ratio %.2f%n", bytes,
                dropsPageCache ? ", page cache cold" : "", plain * 1e3, bytes / plain / 1e9, verified * 1e3,
                bytes / verified / 1e9, plain / verified);
    }

    private static void dropPageCache(boolean drops) throws IOException {
        if (drops) {
            Files.writeString(DROP_CACHES, "3");
        }
    }

    private SegmentAllocator reused(Arena arena) {
        return (bytes, alignment) -> {
            if (memory.byteSize() < bytes) {
                memory = arena.allocate(bytes, 64);
            }
            return memory.asSlice(0, bytes);
        };
    }

    private long readFiles() throws IOException {
        long bytes = 0;
        for (Path file : files) {
            try (FileChannel channel = FileChannel.open(file)) {
                int more = channel.read(buffer.clear());
                while (more > 0) {
                    bytes += more;
                    more = channel.read(buffer.clear());
                }
            }
        }
        return bytes;
    }

    private long getAll() {
        long bytes = 0;
        for (TierEntry entry : entries) {
            try (Arena arena = Arena.ofConfined()) {
                bytes += tier.peek(entry.key(), Long.MAX_VALUE,
                        arena) instanceof StoreResult.Found<MemorySegment>(MemorySegment found) ? found.byteSize() : 0;
            }
        }
        return bytes;
    }
}
