import io.github.pastkv.store.CacheTierProvider;
import io.github.pastkv.store.redis.RedisTierProvider;

/** Cache tiers on Redis and Valkey servers. */
module io.github.pastkv.store.redis {
    requires transitive io.github.pastkv.store;
    requires redis.clients.jedis;
    requires static org.jspecify;

    exports io.github.pastkv.store.redis;

    provides CacheTierProvider with RedisTierProvider;
}
