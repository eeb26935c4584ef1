package io.github.pastkv.tests.store;

import io.github.pastkv.cache.store.BlockStore;
import io.github.pastkv.cache.store.StoredChunk;
import io.github.pastkv.store.ChunkFormat;
import io.github.pastkv.store.InMemoryTier;
import io.github.pastkv.store.TierStore;
import io.github.pastkv.testkit.cache.BlockStoreContractTest;
import java.lang.foreign.MemorySegment;

/** A store over a tier keeps the contract of all stores. */
class TierStoreContractTest extends BlockStoreContractTest {
    @Override
    protected BlockStore open(long maxBytes) {
        return TierStore.of(new InMemoryTier(maxBytes));
    }

    @Override
    protected long bytesOf(StoredChunk chunk) {
        return ChunkFormat.encode(chunk).stream().mapToLong(MemorySegment::byteSize).sum();
    }
}
