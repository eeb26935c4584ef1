package io.github.pastkv.model.tokenizer;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What {@code decoder} of a {@code tokenizer.json} makes of a single token: the bytes that it adds to a text. Known are
 * byte-level decoders and those of sentencepiece, with and without tokens for single bytes. Immutable.
 */
final class TokenDecoder {
    private static final Map<Character, Byte> BYTE_BY_LETTER = byteByLetter();
    private static final int FIRST_SUBSTITUTE = 0x100;

    private boolean isByteLevel;
    private boolean hasByteFallback;
    private boolean stripsFirstSpace;
    private String spaceMark = "";
    private @Nullable String unknownType;

    private TokenDecoder() {}

    /** Reads a decoder; null where the file has none, which puts a space between tokens. */
    static TokenDecoder read(@Nullable JsonNode json) {
        TokenDecoder decoder = new TokenDecoder();
        if (json == null || !json.isObject()) {
            decoder.unknownType = "null";
        } else {
            decoder.add(json);
        }
        return decoder;
    }

    private void add(JsonNode json) {
        switch (json.path("type").asString("")) {
            case "Sequence" -> json.path("decoders").forEach(this::add);
            case "ByteLevel" -> isByteLevel = true;
            case "ByteFallback" -> hasByteFallback = true;
            case "Fuse" -> {} // joins the texts of tokens, which changes none
            case "Metaspace" -> addMetaspace(json);
            case "Replace" -> addReplace(json);
            case "Strip" -> addStrip(json);
            default -> unknownType = json.path("type").asString("");
        }
    }

    private void addMetaspace(JsonNode json) {
        spaceMark = json.path("replacement").asString("\u2581");
        stripsFirstSpace = json.has("prepend_scheme")
                ? !json.path("prepend_scheme").asString("").equals("never")
                : json.path("add_prefix_space").asBoolean(true);
    }

    private void addReplace(JsonNode json) {
        String replaced = json.path("pattern").path("String").asString("");
        if (replaced.isEmpty() || !json.path("content").asString("").equals(" ")) {
            unknownType = "Replace of other than a mark by a space";
        }
        spaceMark = replaced;
    }

    private void addStrip(JsonNode json) {
        boolean isFirstSpace = json.path("content").asString("").equals(" ") && json.path("start").asInt(0) == 1
                && json.path("stop").asInt(0) == 0;
        if (!isFirstSpace) {
            unknownType = "Strip of other than one space at the start";
        }
        stripsFirstSpace = true;
    }

    /** Type of a part whose effect on a single token is not known, or null. */
    @Nullable
    String unknownType() {
        return unknownType;
    }

    /** Whether tokens such as {@code <0x0A>} are bytes. */
    boolean hasByteFallback() {
        return hasByteFallback;
    }

    /** Whether a whole text loses the space that it begins with. */
    boolean stripsFirstSpace() {
        return stripsFirstSpace;
    }

    /** The bytes of a token that is spelled as in the file. */
    byte[] bytes(String token, boolean isByteToken) {
        if (isByteToken) {
            return new byte[] {(byte) Integer.parseInt(token, 3, 5, 16)};
        }
        byte[] bytes = isByteLevel ? bytesOfLetters(token) : null;
        String text = spaceMark.isEmpty() ? token : token.replace(spaceMark, " ");
        return bytes == null ? text.getBytes(StandardCharsets.UTF_8) : bytes;
    }

    /** The bytes that letters stand for, or null if one stands for none, as in added tokens. */
    private static byte @Nullable [] bytesOfLetters(String token) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(token.length());
        for (int i = 0; i < token.length(); i++) {
            Byte value = BYTE_BY_LETTER.get(token.charAt(i));
            if (value == null) {
                return null;
            }
            bytes.write(value);
        }
        return bytes.toByteArray();
    }

    /** The alphabet of GPT-2: printable characters of Latin-1 stand for themselves, other bytes for U+0100 and on. */
    private static Map<Character, Byte> byteByLetter() {
        Map<Character, Byte> map = new HashMap<>();
        int substitute = FIRST_SUBSTITUTE;
        for (int value = 0; value < FIRST_SUBSTITUTE; value++) {
            boolean isPrintable = (value > ' ' && value < 0x7F) || (value > 0xA0 && value != 0xAD);
            map.put((char) (isPrintable ? value : substitute++), (byte) value);
        }
        return map;
    }
}
