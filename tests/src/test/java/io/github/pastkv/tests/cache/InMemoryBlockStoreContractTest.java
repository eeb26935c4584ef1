package io.github.pastkv.tests.cache;

import io.github.pastkv.cache.store.BlockStore;
import io.github.pastkv.cache.store.InMemoryBlockStore;
import io.github.pastkv.testkit.cache.BlockStoreContractTest;

/** The store in memory keeps the contract of all stores. */
class InMemoryBlockStoreContractTest extends BlockStoreContractTest {
    @Override
    protected BlockStore open(long maxBytes) {
        return new InMemoryBlockStore(maxBytes);
    }
}
