package io.github.pastkv.tests.store;

import io.github.pastkv.store.CacheTier;
import io.github.pastkv.store.FileTier;
import io.github.pastkv.testkit.cache.CacheTierContractTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** A folder keeps the contract of all tiers. */
class FileTierContractTest extends CacheTierContractTest {
    @TempDir private Path temporary;

    @Override
    protected CacheTier openEmpty(long maxBytes) throws IOException {
        return new FileTier(Files.createTempDirectory(temporary, "tier"), maxBytes, FileTier.DEFAULT_DEADLINE);
    }

    @Override
    protected CacheTier openAgain(CacheTier other) throws IOException {
        return new FileTier(Path.of(other.name().substring("file:".length())), 100L * CHUNK_BYTES,
                FileTier.DEFAULT_DEADLINE);
    }
}
