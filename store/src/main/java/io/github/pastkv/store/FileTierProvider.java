package io.github.pastkv.store;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;

/** Opens {@code file:DIR[?max=10GiB&deadline=2s]}. */
public final class FileTierProvider implements CacheTierProvider {
    /** For the {@link java.util.ServiceLoader}. */
    public FileTierProvider() {}

    @Override
    public Set<String> schemes() {
        return Set.of("file");
    }

    @Override
    public CacheTier open(TierUri uri) throws IOException {
        uri.requireKnown(Set.of("max", "deadline"));
        String folder = uri.location().startsWith("///") ? uri.location().substring(2) : uri.location();
        if (folder.startsWith("//")) {
            throw new IllegalArgumentException("cache tier " + uri + ": must be file:DIR, without a host");
        }
        return new FileTier(Path.of(folder), uri.bytes("max", FileTier.DEFAULT_MAX_BYTES),
                uri.time("deadline", FileTier.DEFAULT_DEADLINE));
    }
}
