/** Paged KV cache: tensors, block pools, caches and prefix caching. Depends only on the JDK. */
module io.github.pastkv.cache {
    requires static org.jspecify;
    requires static jdk.jfr;

    exports io.github.pastkv.cache;
    exports io.github.pastkv.cache.layout;
    exports io.github.pastkv.cache.mask;
    exports io.github.pastkv.cache.prefix;
    exports io.github.pastkv.cache.store;
    exports io.github.pastkv.tensor;
}
