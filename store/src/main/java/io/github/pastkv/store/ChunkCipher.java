package io.github.pastkv.store;

import io.github.pastkv.cache.store.ChunkKey;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Encrypts the bytes of chunks with AES-256-GCM:
 *
 * <pre>
 * PASTKVE1 | id of the key, 8 bytes | nonce, 12 bytes | ciphertext | tag, 16 bytes
 * </pre>
 *
 * <p>Nonces are random: a key is good for 2^32 chunks. What comes before the nonce and the chunk's name are
 * authenticated, so that no chunk can be passed off as another.
 */
final class ChunkCipher {
    private static final byte[] MAGIC = "PASTKVE1".getBytes(StandardCharsets.US_ASCII);
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BITS = 128;
    private static final int HEAD_BYTES = MAGIC.length + TierKey.ID_BYTES;
    /** Fewest bytes of an encrypted chunk, enough to know it by. */
    static final int MIN_BYTES = HEAD_BYTES + NONCE_BYTES + TAG_BITS / 8;
    private static final SecureRandom RANDOM = new SecureRandom();

    private ChunkCipher() {}

    /** The id of the key that bytes were encrypted with; null for bytes that are not encrypted. */
    static @Nullable String keyId(MemorySegment bytes) {
        if (bytes.byteSize() < MIN_BYTES) {
            return null;
        }
        byte[] head = bytes.asSlice(0, HEAD_BYTES).toArray(ValueLayout.JAVA_BYTE);
        return Arrays.equals(head, 0, MAGIC.length, MAGIC, 0, MAGIC.length)
                ? HexFormat.of().formatHex(head, MAGIC.length, HEAD_BYTES)
                : null;
    }

    /** The bytes of a chunk, encrypted. */
    static MemorySegment encrypt(TierKey key, ChunkKey name, List<MemorySegment> content) {
        byte[] head = Arrays.copyOf(MAGIC, HEAD_BYTES + NONCE_BYTES);
        System.arraycopy(key.idBytes(), 0, head, MAGIC.length, TierKey.ID_BYTES);
        byte[] nonce = new byte[NONCE_BYTES];
        RANDOM.nextBytes(nonce);
        System.arraycopy(nonce, 0, head, HEAD_BYTES, NONCE_BYTES);
        byte[] plain = ChunkFormat.joined(content);
        try {
            Cipher cipher = cipher(Cipher.ENCRYPT_MODE, key, nonce, Arrays.copyOf(head, HEAD_BYTES), name);
            byte[] all = Arrays.copyOf(head, head.length + cipher.getOutputSize(plain.length));
            cipher.doFinal(plain, 0, plain.length, all, head.length);
            return MemorySegment.ofArray(all);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has AES-GCM", e);
        }
    }

    /**
     * The bytes of a chunk that was encrypted with a key.
     *
     * @throws ChunkFormatException for bytes that were changed, or that belong to another name
     */
    static MemorySegment decrypt(TierKey key, ChunkKey name, MemorySegment bytes) throws ChunkFormatException {
        byte[] all = bytes.toArray(ValueLayout.JAVA_BYTE);
        byte[] nonce = Arrays.copyOfRange(all, HEAD_BYTES, HEAD_BYTES + NONCE_BYTES);
        int from = HEAD_BYTES + NONCE_BYTES;
        try {
            Cipher cipher = cipher(Cipher.DECRYPT_MODE, key, nonce, Arrays.copyOf(all, HEAD_BYTES), name);
            return MemorySegment.ofArray(cipher.doFinal(all, from, all.length - from));
        } catch (GeneralSecurityException e) {
            throw new ChunkFormatException("the encrypted content was changed, or is that of another chunk");
        }
    }

    private static Cipher cipher(int mode, TierKey key, byte[] nonce, byte[] head, ChunkKey name)
            throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, new SecretKeySpec(key.bytes(), "AES"), new GCMParameterSpec(TAG_BITS, nonce));
        cipher.updateAAD(head);
        cipher.updateAAD(name.name().getBytes(StandardCharsets.US_ASCII));
        return cipher;
    }
}
