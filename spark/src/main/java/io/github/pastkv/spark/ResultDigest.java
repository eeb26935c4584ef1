package io.github.pastkv.spark;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A digest of a result: SHA-256 over the numeric identity, the prompt's token ids and the result's bits, as 32
 * hexadecimal digits. For one result and one thread.
 */
final class ResultDigest {
    private static final int NUM_BYTES = 16;

    private final MessageDigest sha256;

    ResultDigest(String identity) {
        try {
            sha256 = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
        byte[] bytes = identity.getBytes(StandardCharsets.UTF_8);
        number(bytes.length);
        sha256.update(bytes);
    }

    ResultDigest ids(int[] ids) {
        ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * (ids.length + 1)).putInt(ids.length);
        bytes.asIntBuffer().put(ids);
        sha256.update(bytes.array());
        return this;
    }

    ResultDigest number(double value) {
        sha256.update(ByteBuffer.allocate(Double.BYTES).putDouble(value).array());
        return this;
    }

    String hex() {
        return HexFormat.of().formatHex(sha256.digest(), 0, NUM_BYTES);
    }
}
