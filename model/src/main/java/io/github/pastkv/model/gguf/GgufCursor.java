package io.github.pastkv.model.gguf;

import io.github.pastkv.model.files.ModelFormatException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Reads the header of a GGUF file from front to back, little-endian. Every length is compared with what is left of the
 * file before anything is read or allocated. For one thread.
 */
final class GgufCursor {
    private static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong I64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    /** Longer than any template or token; keeps a string below the limits of an array. */
    private static final long MAX_STRING_BYTES = 1 << 28;

    private final Path file;
    private final MemorySegment bytes;
    private long offset;

    GgufCursor(Path file, MemorySegment bytes) {
        this.file = file;
        this.bytes = bytes;
    }

    long offset() {
        return offset;
    }

    byte i8(String what) throws ModelFormatException {
        return bytes.get(ValueLayout.JAVA_BYTE, take(Byte.BYTES, what));
    }

    short i16(String what) throws ModelFormatException {
        return bytes.get(I16, take(Short.BYTES, what));
    }

    int i32(String what) throws ModelFormatException {
        return bytes.get(I32, take(Integer.BYTES, what));
    }

    long i64(String what) throws ModelFormatException {
        return bytes.get(I64, take(Long.BYTES, what));
    }

    /** A number of things that take at least {@code minBytes} of the file each. */
    long count(String what, long minBytes) throws ModelFormatException {
        long count = i64(what);
        long left = bytes.byteSize() - offset;
        if (count < 0 || count > left / minBytes) {
            throw refusal(what + " is " + Long.toUnsignedString(count) + ", the " + left
                    + " bytes that are left hold at most " + left / minBytes);
        }
        return count;
    }

    /** A string of UTF-8 after its length. */
    String string(String what) throws ModelFormatException {
        long length = count("length of " + what, 1);
        if (length > MAX_STRING_BYTES) {
            throw refusal("length of " + what + " is " + length + ", at most " + MAX_STRING_BYTES + " is read");
        }
        long from = take(length, what);
        ByteBuffer utf8 = ByteBuffer.wrap(bytes.asSlice(from, length).toArray(ValueLayout.JAVA_BYTE));
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(utf8).toString();
        } catch (CharacterCodingException e) {
            throw new ModelFormatException(file, "at byte " + from + ": " + what + " is not UTF-8", e);
        }
    }

    private long take(long numBytes, String what) throws ModelFormatException {
        if (numBytes > bytes.byteSize() - offset) {
            throw new ModelFormatException(file, "ends at byte " + bytes.byteSize() + " within " + what
                    + ", which begins at byte " + offset + " and takes " + numBytes);
        }
        long from = offset;
        offset += numBytes;
        return from;
    }

    /** A refusal of what was just read. */
    ModelFormatException refusal(String problem) {
        return new ModelFormatException(file, "before byte " + offset + ": " + problem);
    }
}
