package io.github.pastkv.bench.tiers;

import io.github.pastkv.model.Model;
import io.github.pastkv.store.CacheTier;
import io.github.pastkv.store.CacheTiers;
import io.github.pastkv.store.TierContents;
import io.github.pastkv.store.TierEntry;
import io.github.pastkv.store.TierUri;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToLongFunction;

/**
 * Times one text in chunks of several sizes: reading all of it, and reading what another text shares with it that parts
 * from it inside a chunk. Each time by a model that is loaded anew; the text is computed once and imported.
 */
final class ChunkSizes {
    private static final int NUM_TIMES = 5;

    /** Loads a model with tiers. */
    @FunctionalInterface
    interface Loader {
        Model load(String... tiers) throws IOException;
    }

    /** Reads a prompt and says how long it waited for a tier, in nanoseconds. */
    @FunctionalInterface
    interface Reader {
        long read(Model model, int[] prompt);
    }

    private final Loader loader;
    private final Reader reader;
    private final TierUri base;
    private final int[] text;
    private final int[] parting;

    /** @param parting a text that begins like {@code text} and parts from it inside a chunk */
    ChunkSizes(Loader loader, Reader reader, TierUri base, int[] text, int[] parting) {
        this.loader = loader;
        this.reader = reader;
        this.base = base;
        this.text = text;
        this.parting = parting;
    }

    /** The tier for a size: a folder beneath the given one, or a prefix of a server. */
    private String tier(int size) {
        boolean isFolder = base.scheme().equals("file");
        return base.scheme() + ":" + base.location() + (isFolder ? "/" + size + "?" : "?prefix=size" + size + "&")
                + "load=always&chunk=" + size;
    }

    /** Prints a line for each size; the first is measured once before, for the JVM. */
    void print(List<Integer> sizes) throws IOException {
        Path whole = Files.createTempFile("pastkv-text", ".safetensors");
        export(whole);
        measure(sizes.getFirst(), whole);
        for (int size : sizes) {
            System.out.println(measure(size, whole));
        }
    }

    private void export(Path whole) throws IOException {
        Path folder = Files.createTempDirectory("pastkv-tier");
        try (Model model = loader.load("file:" + folder)) {
            reader.read(model, text);
        }
        try (CacheTier tier = CacheTiers.open(TierUri.parse("file:" + folder))) {
            TierContents contents = TierContents.of(tier, false);
            contents.export(contents.ends().getFirst(), whole);
        }
    }

    private String measure(int size, Path whole) throws IOException {
        List<TierEntry> entries = new ArrayList<>();
        try (CacheTier tier = CacheTiers.open(TierUri.parse(tier(size)))) {
            TierContents.importFile(whole, tier, size);
            tier.list(entries::add);
        }
        double all = medianMillis(size, model -> reader.read(model, text));
        double part = medianMillis(size, model -> reader.read(model, parting));
        long bytes = entries.stream().mapToLong(TierEntry::bytes).sum();
        return String.format(Locale.ROOT,
                "chunks of %d: %d chunks, %d bytes; whole %.1f ms (%.2f GB/s), parting inside a chunk %.1f ms", size,
                entries.size(), bytes, all, bytes / all / 1e6, part);
    }

    private double medianMillis(int size, ToLongFunction<Model> read) throws IOException {
        List<Double> millis = new ArrayList<>();
        for (int i = 0; i < NUM_TIMES; i++) {
            try (Model model = loader.load(tier(size))) {
                millis.add(read.applyAsLong(model) / 1e6);
            }
        }
        return Medians.of(millis);
    }
}
