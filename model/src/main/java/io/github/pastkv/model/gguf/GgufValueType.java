package io.github.pastkv.model.gguf;

import io.github.pastkv.model.files.ModelFormatException;
import java.util.ArrayList;
import java.util.List;

/** Types of metadata values, in the order of their numbers in the file. */
enum GgufValueType {
    UINT8(1) {
        @Override
        Object read(GgufCursor cursor, String what) throws ModelFormatException {
            return (long) Byte.toUnsignedInt(cursor.i8(what));
        }
    },
    INT8(1) {
        @Override
        Object read(GgufCursor cursor, String what) throws ModelFormatException {
            return (long) cursor.i8(what);
        }
    },
    UINT16(2) {
        @Override
        Object read(GgufCursor cursor, String what) throws ModelFormatException {
            return (long) Short.toUnsignedInt(cursor.i16(what));
        }
    },
    INT16(2) {
        @Override
        Object read(GgufCursor cursor, String what) throws ModelFormatException {
            return (long) cursor.i16(what);
        }
    },
    UINT32(4) {
        @Override
        Object read(GgufCursor cursor, String what) throws ModelFormatException {
            return Integer.toUnsignedLong(cursor.i32(what));
        }
    },
    INT32(4) {
        @Override
        Object read(GgufCursor cursor, String what) throws ModelFormatException {
            return (long) cursor.i32(what);
        }
    },
    FLOAT32(4) {
        @Override
        Object read(GgufCursor cursor, String what) throws ModelFormatException {
            return (double) Float.intBitsToFloat(cursor.i32(what));
        }
    },
    BOOL(1) {
        @Override
        Object read(GgufCursor cursor, String what) throws ModelFormatException {
            byte value = cursor.i8(what);
            if (value != 0 && value != 1) {
                throw cursor.refusal(what + " is a bool of " + Byte.toUnsignedInt(value) + ", must be 0 or 1");
            }
            return value == 1;
        }
    },
    STRING(8) {
        @Override
        Object read(GgufCursor cursor, String what) throws ModelFormatException {
            return cursor.string(what);
        }
    },
    ARRAY(12) {
        @Override
        Object read(GgufCursor cursor, String what) throws ModelFormatException {
            GgufValueType type = of(cursor, what);
            if (type == ARRAY) {
                throw cursor.refusal(what + " is an array of arrays, which is not supported");
            }
            long count = cursor.count("length of " + what, type.minBytes);
            if (count > Integer.MAX_VALUE - 8) {
                throw cursor.refusal("length of " + what + " is " + count + ", too many");
            }
            List<Object> values = new ArrayList<>((int) count);
            for (long i = 0; i < count; i++) {
                values.add(type.read(cursor, what));
            }
            return values;
        }
    },
    UINT64(8) {
        // Numbers from 2^63 on stand for no count that a file can hold; they are seen as the largest that can.
        @Override
        Object read(GgufCursor cursor, String what) throws ModelFormatException {
            long value = cursor.i64(what);
            return value < 0 ? Long.MAX_VALUE : value;
        }
    },
    INT64(8) {
        @Override
        Object read(GgufCursor cursor, String what) throws ModelFormatException {
            return cursor.i64(what);
        }
    },
    FLOAT64(8) {
        @Override
        Object read(GgufCursor cursor, String what) throws ModelFormatException {
            return Double.longBitsToDouble(cursor.i64(what));
        }
    };

    private static final GgufValueType[] ALL = values();

    private final int minBytes;

    GgufValueType(int minBytes) {
        this.minBytes = minBytes;
    }

    /** The type that comes next in the file. */
    static GgufValueType of(GgufCursor cursor, String what) throws ModelFormatException {
        int number = cursor.i32("type of " + what);
        if (number < 0 || number >= ALL.length) {
            throw cursor.refusal(what + " has type " + Integer.toUnsignedString(number) + ", known are 0 to "
                    + (ALL.length - 1));
        }
        return ALL[number];
    }

    /** The value that comes next: a Long, Double, Boolean, String or List of these. */
    abstract Object read(GgufCursor cursor, String what) throws ModelFormatException;
}
