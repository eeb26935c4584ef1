package io.github.pastkv.store.s3;

import io.github.pastkv.store.CacheTier;
import io.github.pastkv.testkit.cache.CacheTierContractTest;
import java.io.IOException;

/** A bucket keeps the contract of all tiers, but for the limit in bytes, which it has not. */
class S3TierContractTest extends CacheTierContractTest {
    private static int numOpened;

    @Override
    protected CacheTier openEmpty(long maxBytes) throws IOException {
        numOpened++;
        return openAgain(null);
    }

    @Override
    protected CacheTier openAgain(CacheTier other) throws IOException {
        return TestBucket.shared().open("contract/" + numOpened);
    }

    @Override
    protected boolean keepsLimit() {
        return false;
    }
}
