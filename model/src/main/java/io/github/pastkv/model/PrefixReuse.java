package io.github.pastkv.model;

import java.util.Objects;

/**
 * Whether a session shares cached prefixes with other sessions of its model. Reused keys and values have the same bits
 * as computed ones.
 *
 * @param isOn whether prefixes are shared
 * @param salt only sessions with equal salts share. Anyone who knows a salt can find out which prefixes are cached, so
 *        it must not be chosen by the tenants that it separates
 */
public record PrefixReuse(boolean isOn, String salt) {
    public PrefixReuse {
        Objects.requireNonNull(salt, "salt: null");
    }

    /** Shares with all sessions of the model that have no salt. */
    public static final PrefixReuse ON = new PrefixReuse(true, "");
    /** Does not share. */
    public static final PrefixReuse OFF = new PrefixReuse(false, "");
}
