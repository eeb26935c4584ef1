package io.github.pastkv.tests.store;

import io.github.pastkv.store.CacheTier;
import io.github.pastkv.store.InMemoryTier;
import io.github.pastkv.testkit.cache.CacheTierContractTest;

/** The tier in memory keeps the contract of all tiers. */
class InMemoryTierContractTest extends CacheTierContractTest {
    @Override
    protected CacheTier openEmpty(long maxBytes) {
        return new InMemoryTier(maxBytes);
    }
}
