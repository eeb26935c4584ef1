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
    private static final int NUM_PASSES = 60;
    private static final int NUM_WARM_PASSES = 20; // the last ones
    private static final int NUM_COLD_PASSES = 5;
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

    /** Reads everything in turn many times, and prints medians of the last ones. */
    static void print(TierUri uri, boolean dropsPageCache) throws IOException {
        try (TierStore store = TierStore.of(CacheTiers.open(uri)); CacheTier tier = CacheTiers.open(uri);
                Arena arena = Arena.ofConfined()) {
            PlainReads reads = new PlainReads(uri, tier);
            List<Pass> passes = new ArrayList<>();
            for (int pass = 0; pass < NUM_PASSES; pass++) {
                passes.add(reads.pass(store, arena, false));
            }
            print("warm", passes.subList(NUM_PASSES - NUM_WARM_PASSES, NUM_PASSES));
            passes.clear();
            for (int pass = 0; dropsPageCache && pass < NUM_COLD_PASSES; pass++) {
                passes.add(reads.pass(store, arena, true));
            }
            if (dropsPageCache) {
                print("page cache cold", passes);
            }
        }
    }

    /** How long reading everything plainly took, and with verification; nanoseconds. */
    private record Pass(long bytes, long plainNanos, long verifiedNanos) {
        double ratio() {
            return (double) plainNanos / verifiedNanos;
        }
    }

    private static void print(String name, List<Pass> passes) {
        double plain = Medians.of(passes.stream().map(pass -> (double) pass.plainNanos()).toList());
        double verified = Medians.of(passes.stream().map(pass -> (double) pass.verifiedNanos()).toList());
        System.out.printf(Locale.ROOT,
                "%s, medians of %d: %d bytes, plain reads %.1f ms (%.2f GB/s), read and verified %.1f ms (%.2f), ratio "
                        + "%.2f%n",
                name, passes.size(), passes.getFirst().bytes(), plain / 1e6, passes.getFirst().bytes() / plain,
                verified / 1e6, passes.getFirst().bytes() / verified,
                Medians.of(passes.stream().map(Pass::ratio).toList()));
    }

    private Pass pass(TierStore store, Arena arena, boolean dropsPageCache) throws IOException {
        dropPageCache(dropsPageCache);
        long start = System.nanoTime();
        long bytes = uri.scheme().equals("file") ? readFiles() : getAll();
        long plain = System.nanoTime() - start;
        dropPageCache(dropsPageCache);
        start = System.nanoTime();
        getVerified(store, arena);
        return new Pass(bytes, plain, System.nanoTime() - start);
    }

    private void getVerified(TierStore store, Arena arena) throws IOException {
        for (TierEntry entry : entries) {
            StoreResult<StoredChunk> chunk = store.get(entry.key(), "", reused(arena));
            if (!(chunk instanceof StoreResult.Found<StoredChunk>)) {
                throw new IOException(entry.key() + ": " + chunk);
            }
        }
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
