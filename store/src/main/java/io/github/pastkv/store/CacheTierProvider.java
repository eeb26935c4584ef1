package io.github.pastkv.store;

import java.io.IOException;
import java.util.Set;

/** Opens tiers of some URI schemes; found by {@link java.util.ServiceLoader}. */
public interface CacheTierProvider {
    /** Schemes in lower case, such as {@code file}. */
    Set<String> schemes();

    /**
     * Opens a tier.
     *
     * @throws IllegalArgumentException for an option that is unknown or wrong, naming it
     * @throws IOException when it cannot be opened; a server that does not answer yet is no reason
     */
    CacheTier open(TierUri uri) throws IOException;
}
