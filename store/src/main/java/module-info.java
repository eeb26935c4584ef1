import io.github.pastkv.store.CacheTierProvider;
import io.github.pastkv.store.FileTierProvider;

/** Chunks of a KV cache as self-describing files, and the tiers that keep them beneath the prefix index. */
module io.github.pastkv.store {
    requires transitive io.github.pastkv.cache;
    requires tools.jackson.databind;
    requires static org.jspecify;
    requires static jdk.jfr;

    exports io.github.pastkv.store;

    uses CacheTierProvider;

    provides CacheTierProvider with FileTierProvider;
}
