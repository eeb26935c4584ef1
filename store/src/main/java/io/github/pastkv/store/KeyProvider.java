package io.github.pastkv.store;

import org.jspecify.annotations.Nullable;

/**
 * Gives the keys with which a {@link TierStore} encrypts chunks. Asked for every chunk, so that a key that is taken
 * away is gone at once. Called from any number of threads; must not wait for a network.
 *
 * @see KeyFile
 */
public interface KeyProvider {
    /**
     * The key for new chunks of a tenant.
     *
     * @param tenant the salt of its sessions up to the first line end; empty for sessions without a salt
     * @return null for none: its chunks are not kept
     */
    @Nullable
    TierKey keyOf(String tenant);

    /**
     * The key of a tenant with an {@linkplain TierKey#id id}: the current one or one from before. A key of another
     * tenant is none, so that nobody who has one can pass off a chunk as this tenant's.
     *
     * @return null for none: its chunks are missing
     */
    @Nullable
    TierKey keyOf(String tenant, String id);
}
