package io.github.pastkv.store;

import io.github.pastkv.cache.store.BlockStore;
import io.github.pastkv.cache.store.StoreWrites;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Opens tiers by their URIs, as the command and {@code ModelOptions.withCacheTiers} name them. */
public final class CacheTiers {
    private static final Set<String> FIRST_TIER_OPTIONS = Set.of("chunk", "write", "keys", "load");
    private static final Map<String, String> OPTIONAL_ARTIFACTS = Map.of("redis", "pastkv-store-redis", "rediss",
            "pastkv-store-redis", "valkey", "pastkv-store-redis", "s3", "pastkv-store-s3");

    private CacheTiers() {}

    /**
     * Opens one tier.
     *
     * @throws IllegalArgumentException for a URI or option that no tier has
     * @throws IOException when it cannot be opened
     */
    public static CacheTier open(TierUri uri) throws IOException {
        TreeSet<String> known = new TreeSet<>();
        for (CacheTierProvider provider : ServiceLoader.load(CacheTierProvider.class,
                CacheTiers.class.getClassLoader())) {
            if (provider.schemes().contains(uri.scheme())) {
                return provider.open(uri);
            }
            known.addAll(provider.schemes());
        }
        throw new IllegalArgumentException("cache tier " + uri + ": " + missing(uri.scheme(), known));
    }

    /** Why no tier has a scheme. */
    static String missing(String scheme, Set<String> known) {
        String artifact = OPTIONAL_ARTIFACTS.get(scheme);
        return artifact == null
                ? "unknown scheme " + scheme + ", known are " + String.join(", ", known)
                : "needs the artifact io.github.pastkv:" + artifact + " on the module path or class path";
    }

    /**
     * Opens a store over tiers, nearest first. {@code chunk} (tokens of a complete chunk) and {@code write}
     * ({@code complete}, {@code second-use}, {@code eviction}), {@code load} ({@code measured}, {@code always}: a
     * {@link LoadRule}) and {@code keys} (a {@link KeyFile} for encryption) are those of the first;
     * {@code verify=sha256} with any of them compares the SHA-256 of all that is loaded, beside its checksums.
     *
     * @throws IllegalArgumentException for a URI or option that no tier has
     * @throws IOException when one cannot be opened; then none is
     */
    public static TierStore openAll(List<String> uris) throws IOException {
        List<TierUri> parsed = uris.stream().map(TierUri::parse).toList();
        boolean verifiesData = false;
        for (TierUri uri : parsed) {
            String verify = uri.option("verify", "crc32c");
            if (!List.of("crc32c", "sha256").contains(verify)) {
                throw uri.refusal("verify", "must be crc32c or sha256");
            }
            verifiesData |= verify.equals("sha256");
        }
        for (TierUri uri : parsed.subList(1, parsed.size())) {
            if (!Collections.disjoint(uri.options().keySet(), FIRST_TIER_OPTIONS)) {
                throw new IllegalArgumentException(
                        "cache tier " + uri + ": chunk, write, load and keys are options of the first tier");
            }
        }
        int chunkTokens = parsed.getFirst().count("chunk", BlockStore.DEFAULT_CHUNK_TOKENS);
        StoreWrites writes = writes(parsed.getFirst());
        LoadRule rule = rule(parsed.getFirst());
        KeyFile keys = keys(parsed.getFirst());
        List<CacheTier> tiers = new ArrayList<>();
        try {
            for (TierUri uri : parsed) {
                tiers.add(open(uri));
            }
            return new TierStore(tiers, chunkTokens, writes, verifiesData, keys, rule);
        } catch (IOException | RuntimeException e) {
            tiers.forEach(CacheTier::close);
            throw e;
        }
    }

    private static @Nullable KeyFile keys(TierUri uri) throws IOException {
        String file = uri.options().get("keys");
        if (file == null) {
            return null;
        }
        if (file.isBlank()) { // as of a variable that is not set: it must not turn encryption off
            throw uri.refusal("keys", "must be a file; without keys nothing is encrypted");
        }
        return new KeyFile(Path.of(file));
    }

    private static LoadRule rule(TierUri uri) {
        return switch (uri.option("load", "measured")) {
            case "measured" -> LoadRule.MEASURED;
            case "always" -> LoadRule.ALWAYS;
            default -> throw uri.refusal("load", "must be measured or always");
        };
    }

    private static StoreWrites writes(TierUri uri) {
        return switch (uri.option("write", "complete")) {
            case "complete" -> StoreWrites.COMPLETE;
            case "second-use" -> StoreWrites.SECOND_USE;
            case "eviction" -> StoreWrites.EVICTION;
            default -> throw uri.refusal("write", "must be complete, second-use or eviction");
        };
    }
}
