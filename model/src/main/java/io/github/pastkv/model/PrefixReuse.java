package io.github.pastkv.model;

/**
 * Whether a session takes what other sessions of its model have read before, and lets them take what it reads. What is
 * taken has the same bits as what would be computed.
 *
 * @param isOn whether it does
 * @param salt only sessions of equal salt share; whoever can guess it can find out what has been read, so it must not
 *        come from those who are to be kept apart
 */
public record PrefixReuse(boolean isOn, String salt) {
    /** Shared by all sessions of the model that say nothing else. */
    public static final PrefixReuse ON = new PrefixReuse(true, "");
    /** Takes nothing and gives nothing. */
    public static final PrefixReuse OFF = new PrefixReuse(false, "");
}
