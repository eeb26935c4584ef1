package io.github.pastkv.store.redis;

import io.github.pastkv.store.CacheTier;
import io.github.pastkv.testkit.cache.CacheTierContractTest;
import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** A Redis server keeps the contract of all tiers, but for the limit in bytes, which is the server's own. */
class RedisTierContractTest extends CacheTierContractTest {
    private static TestServer server;
    private static int numOpened;

    @BeforeAll
    static void startServer() throws IOException {
        server = new TestServer();
    }

    @AfterAll
    static void stopServer() throws IOException {
        server.close();
    }

    @Override
    protected CacheTier openEmpty(long maxBytes) throws IOException {
        numOpened++;
        return openAgain(null);
    }

    @Override
    protected CacheTier openAgain(CacheTier other) throws IOException {
        return server.open("prefix=contract-" + numOpened);
    }

    @Override
    protected boolean keepsLimit() {
        return false;
    }
}
