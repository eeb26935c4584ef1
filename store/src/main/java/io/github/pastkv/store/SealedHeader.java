package io.github.pastkv.store;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;

/** The header of a safetensors file, with its own SHA-256 in its metadata. */
final class SealedHeader {
    private static final String DIGEST = "header_sha256";
    private static final String NO_DIGEST = "0".repeat(64);
    private static final byte[] DIGEST_FIELD = ascii("\"" + DIGEST + "\":\"");
    private static final int ALIGNMENT = 64;
    private static final int LENGTH_BYTES = Long.BYTES;
    private static final long MAX_DIGEST_BYTES = 1L << 30; // of one buffer
    private static final ValueLayout.OfLong LENGTH =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private SealedHeader() {}

    /** Length and padded header, its own digest filled in: first, where it is found soonest. */
    static byte[] of(Map<String, String> metadata, List<ChunkHeader.Part> tensors) {
        SequencedMap<String, String> sealed = new LinkedHashMap<>(new TreeMap<>(metadata));
        sealed.putFirst(DIGEST, NO_DIGEST);
        byte[] json = ChunkHeader.toJson(sealed, tensors).getBytes(StandardCharsets.UTF_8);
        int length = Math.ceilDiv(LENGTH_BYTES + json.length, ALIGNMENT) * ALIGNMENT;
        byte[] header = Arrays.copyOf(ByteBuffer.allocate(LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN)
                .putLong(length - LENGTH_BYTES).array(), length);
        System.arraycopy(json, 0, header, LENGTH_BYTES, json.length);
        Arrays.fill(header, LENGTH_BYTES + json.length, length, (byte) ' ');
        String digest = HexFormat.of().formatHex(sha256().digest(header));
        System.arraycopy(ascii(digest), 0, header, digestOffset(header), digest.length());
        return header;
    }

    /** Where in a header its own digest is, or -1. */
    private static int digestOffset(byte[] header) {
        for (int from = 0; from + DIGEST_FIELD.length + NO_DIGEST.length() <= header.length; from++) {
            if (Arrays.equals(header, from, from + DIGEST_FIELD.length, DIGEST_FIELD, 0, DIGEST_FIELD.length)) {
                return from + DIGEST_FIELD.length;
            }
        }
        return -1;
    }

    /** The header of a file's bytes, length included, with zeros for its digest. */
    static byte[] verified(MemorySegment bytes) throws ChunkFormatException {
        if (bytes.byteSize() < LENGTH_BYTES) {
            throw new ChunkFormatException(bytes.byteSize() + " bytes, a safetensors file begins with 8 of length");
        }
        long length = bytes.get(LENGTH, 0);
        if (length < 2 || length > bytes.byteSize() - LENGTH_BYTES || length > Integer.MAX_VALUE - ALIGNMENT) {
            throw new ChunkFormatException("header length " + Long.toUnsignedString(length) + " in "
                    + bytes.byteSize() + " bytes");
        }
        byte[] header = bytes.asSlice(0, LENGTH_BYTES + length).toArray(ValueLayout.JAVA_BYTE);
        int offset = digestOffset(header);
        if (offset < 0) {
            throw new ChunkFormatException("no header_sha256");
        }
        String stored = new String(header, offset, NO_DIGEST.length(), StandardCharsets.US_ASCII);
        System.arraycopy(ascii(NO_DIGEST), 0, header, offset, NO_DIGEST.length());
        requireEqual(DIGEST, HexFormat.of().formatHex(sha256().digest(header)), stored);
        return header;
    }

    /** Bytes of the header of a file that begins like this, length included; 0 where there is none. */
    static long length(MemorySegment start) {
        return start.byteSize() < LENGTH_BYTES ? 0 : LENGTH_BYTES + start.get(LENGTH, 0);
    }

    /** The fields of a header, length included. */
    static ChunkHeader parse(byte[] header) throws ChunkFormatException {
        return ChunkHeader.parse(header, LENGTH_BYTES);
    }

    static void requireEqual(String name, String expected, String actual) throws ChunkFormatException {
        if (!expected.equals(actual)) {
            throw new ChunkFormatException(name + ": " + actual + ", expected " + expected);
        }
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** SHA-256 of bytes of any number, in hexadecimal digits. */
    static String digestOf(MemorySegment bytes) {
        MessageDigest sha256 = sha256();
        for (long from = 0; from < bytes.byteSize(); from += MAX_DIGEST_BYTES) {
            sha256.update(bytes.asSlice(from, Math.min(MAX_DIGEST_BYTES, bytes.byteSize() - from)).asByteBuffer());
        }
        return HexFormat.of().formatHex(sha256.digest());
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
