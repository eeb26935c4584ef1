package io.github.pastkv.store;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/** A key of AES-256 with which chunks are encrypted. Immutable; shows only its {@link #id}. */
public final class TierKey {
    /** Bytes of a key. */
    public static final int BYTES = 32;
    /** Bytes of an id. */
    static final int ID_BYTES = 8;

    private final byte[] key;
    private final byte[] id;

    /**
     * A key from its {@value #BYTES} random bytes.
     *
     * @throws IllegalArgumentException for another length, without the bytes
     */
    public TierKey(byte[] key) {
        if (key.length != BYTES) {
            throw new IllegalArgumentException("key: " + key.length + " bytes, must be " + BYTES);
        }
        this.key = key.clone();
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            sha256.update("io.github.pastkv.key.1".getBytes(StandardCharsets.UTF_8));
            this.id = Arrays.copyOf(sha256.digest(key), ID_BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** What a chunk says of its key: the beginning of a SHA-256 over it, as 16 hexadecimal digits. */
    public String id() {
        return HexFormat.of().formatHex(id);
    }

    byte[] idBytes() {
        return id.clone();
    }

    byte[] bytes() {
        return key.clone();
    }

    @Override
    public String toString() {
        return "key " + id();
    }
}
