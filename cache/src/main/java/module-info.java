/** Memory for the keys and values of past tokens. */
module io.github.pastkv.cache {
    requires static transitive org.jspecify;
    requires static jdk.jfr;

    exports io.github.pastkv.cache;
    exports io.github.pastkv.cache.prefix;
}
