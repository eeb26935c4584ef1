import io.github.pastkv.store.CacheTierProvider;
import io.github.pastkv.store.s3.S3TierProvider;

/** Cache tiers in S3 buckets. */
@SuppressWarnings("module") // a digit at the end: it is the name of the protocol
module io.github.pastkv.store.s3 {
    requires transitive io.github.pastkv.store;
    requires java.net.http;
    requires static org.jspecify;

    exports io.github.pastkv.store.s3;

    provides CacheTierProvider with S3TierProvider;
}
