package io.github.pastkv.store.redis;

import io.github.pastkv.store.CacheTier;
import io.github.pastkv.store.CacheTierProvider;
import io.github.pastkv.store.TierUri;
import java.io.IOException;
import java.util.Set;

/**
 * Opens {@code redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE][?ttl=7d&deadline=1s&prefix=pastkv]}, also with the
 * schemes {@code valkey} and, over TLS, {@code rediss}. {@code passwordFile=FILE} keeps the password off the command
 * line.
 */
public final class RedisTierProvider implements CacheTierProvider {
    /** For the {@link java.util.ServiceLoader}. */
    public RedisTierProvider() {}

    @Override
    public Set<String> schemes() {
        return Set.of("redis", "rediss", "valkey");
    }

    @Override
    public CacheTier open(TierUri uri) throws IOException {
        uri.requireKnown(Set.of("ttl", "deadline", "prefix", "passwordFile"));
        return RedisTier.open(RedisAddress.of(uri));
    }
}
