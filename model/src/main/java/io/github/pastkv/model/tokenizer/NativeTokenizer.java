package io.github.pastkv.model.tokenizer;

import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.util.Arrays;

/**
 * A tokenizer of the native library. It never truncates or pads. The owner closes it once and does not use it
 * afterward.
 */
final class NativeTokenizer {
    private final TokenizersLibrary library = NativeTokenizers.library();
    private final long handle;

    /** Creates one from the text of a {@code tokenizer.json}. */
    NativeTokenizer(String json) {
        handle = library.createTokenizerFromString(json);
        try {
            library.disableTruncation(handle);
            library.disablePadding(handle);
        } catch (RuntimeException e) {
            library.deleteTokenizer(handle);
            throw e;
        }
    }

    int[] encode(String text, boolean addSpecial) {
        long encoding = library.encode(handle, withoutUnpairedSurrogates(text), addSpecial);
        try {
            return Arrays.stream(library.getTokenIds(encoding)).mapToInt(Math::toIntExact).toArray();
        } finally {
            library.deleteEncoding(encoding);
        }
    }

    private static String withoutUnpairedSurrogates(String text) {
        if (text.codePoints().noneMatch(NativeTokenizer::isSurrogate)) {
            return text;
        }
        int[] codePoints = text.codePoints().map(c -> isSurrogate(c) ? 0xFFFD : c).toArray();
        return new String(codePoints, 0, codePoints.length);
    }

    private static boolean isSurrogate(int codePoint) {
        return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
    }

    String decode(long[] ids, boolean skipSpecial) {
        return library.decode(handle, ids, skipSpecial);
    }

    /** Frees the native memory. */
    void close() {
        library.deleteTokenizer(handle);
    }
}
