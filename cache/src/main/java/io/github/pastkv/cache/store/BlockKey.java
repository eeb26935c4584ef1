package io.github.pastkv.cache.store;

import io.github.pastkv.cache.prefix.PrefixNamespace;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * The stable key of a block in a store: a SHA-256 chain over everything that determines its keys and values. It is the
 * same in every process and does not reveal the salt.
 *
 * <pre>
 * root = SHA-256(version, digest of the namespace, storage identity) block = SHA-256(key of the preceding block, token
 * ids of this block as little-endian ints)
 * </pre>
 *
 * <p>The namespace holds model, numeric identity, rotary lengths and salt; the storage identity holds shape, types,
 * windows, block size and layout version. Immutable.
 */
public final class BlockKey {
    /** Bytes of a key. */
    public static final int BYTES = 32;
    private static final String VERSION = "io.github.pastkv.block.1";

    private final byte[] digest;

    private BlockKey(byte[] digest) {
        this.digest = digest;
    }

    /**
     * The root key, which precedes the first block of a text.
     *
     * @param storage everything that determines the layout and rounding of a block
     */
    public static BlockKey root(PrefixNamespace namespace, String storage) {
        MessageDigest sha256 = sha256();
        for (byte[] part : new byte[][] {bytes(VERSION), bytes(namespace.digest()), bytes(storage)}) {
            sha256.update(
                    ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(part.length).array());
            sha256.update(part);
        }
        return new BlockKey(sha256.digest());
    }

    /** A key from its {@value #BYTES} bytes. */
    public static BlockKey ofBytes(byte[] bytes) {
        if (bytes.length != BYTES) {
            throw new IllegalArgumentException("bytes: " + bytes.length + ", a key has " + BYTES);
        }
        return new BlockKey(bytes.clone());
    }

    /** A key from its {@link #toString 64 hexadecimal digits}. */
    public static BlockKey parse(String digits) {
        return ofBytes(HexFormat.of().parseHex(digits));
    }

    /** The key of the block that follows with tokens {@code [from, to)}. */
    public BlockKey next(int[] tokenIds, int from, int to) {
        ByteBuffer tokens = ByteBuffer.allocate((to - from) * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        tokens.asIntBuffer().put(tokenIds, from, to - from);
        MessageDigest sha256 = sha256();
        sha256.update(digest);
        sha256.update(tokens);
        return new BlockKey(sha256.digest());
    }

    /** The keys of the blocks that follow with these tokens, {@code blockSize} each. */
    List<BlockKey> chain(int[] tokenIds, int blockSize) {
        BlockKey[] keys = new BlockKey[tokenIds.length / blockSize];
        BlockKey key = this;
        for (int block = 0; block < keys.length; block++) {
            key = key.next(tokenIds, block * blockSize, (block + 1) * blockSize);
            keys[block] = key;
        }
        return List.of(keys);
    }

    /** A copy of the {@value #BYTES} bytes. */
    public byte[] toBytes() {
        return digest.clone();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof BlockKey key && Arrays.equals(digest, key.digest);
    }

    @Override
    public int hashCode() {
        return ByteBuffer.wrap(digest).getInt();
    }

    /** The key as 64 hexadecimal digits. */
    @Override
    public String toString() {
        return HexFormat.of().formatHex(digest);
    }
}
