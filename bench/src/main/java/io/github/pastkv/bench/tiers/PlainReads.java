package io.github.pastkv.bench.tiers;

import io.github.pastkv.cache.store.StoreResult;
import io.github.pastkv.store.CacheTier;
import io.github.pastkv.store.CacheTiers;
import io.github.pastkv.store.TierEntry;
import io.github.pastkv.store.TierUri;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Times reading all bytes of a tier, of a folder with one buffer; of a server by its tier, without verification. */
final class PlainReads {
    private static final int READ_BYTES = 4 << 20;
    private static final int NUM_PASSES = 5;

    private PlainReads() {}

    /** Reads everything a few times and prints a line for each. */
    static void print(TierUri uri) throws IOException {
        for (int pass = 0; pass < NUM_PASSES; pass++) {
            long start = System.nanoTime();
            long bytes = uri.scheme().equals("file") ? readFiles(Path.of(uri.location())) : getAll(uri);
            double seconds = (System.nanoTime() - start) / 1e9;
            System.out.printf(Locale.ROOT, "plain reads: %d bytes in %.1f ms, %.2f GB/s%n", bytes, seconds * 1e3,
                    bytes / seconds / 1e9);
        }
    }

    private static long readFiles(Path folder) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(READ_BYTES);
        List<Path> files;
        try (Stream<Path> all = Files.walk(folder)) {
            files = all.filter(Files::isRegularFile).toList();
        }
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

    private static long getAll(TierUri uri) throws IOException {
        List<TierEntry> entries = new ArrayList<>();
        long bytes = 0;
        try (CacheTier opened = CacheTiers.open(uri)) {
            opened.list(entries::add);
            for (TierEntry entry : entries) {
                try (Arena arena = Arena.ofConfined()) {
                    bytes += opened.peek(entry.key(), Long.MAX_VALUE,
                            arena) instanceof StoreResult.Found<MemorySegment>(MemorySegment found) ? found.byteSize()
                                    : 0;
                }
            }
        }
        return bytes;
    }
}
