package io.github.pastkv.model.tokenizer;

import io.github.pastkv.model.files.ModelFormatException;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads the vocabulary out of {@code tokenizer.json}, as a stream: these files have some 10 MB. What the tokenizer
 * needs besides is checked by the native library.
 */
final class VocabularyReader {
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final int MAX_ID = 1 << 26;

    private final Path file;
    private final Map<String, Integer> idByToken = new HashMap<>();
    private final BitSet addedIds = new BitSet();
    private final BitSet specialIds = new BitSet();
    private TokenDecoder decoder = TokenDecoder.read(null);
    private boolean addsPrefix;
    private @Nullable String unknownToken;
    private OptionalInt unknownId = OptionalInt.empty();

    private VocabularyReader(Path file) {
        this.file = file;
    }

    static Vocabulary read(Path file, byte[] json) throws ModelFormatException {
        VocabularyReader reader = new VocabularyReader(file);
        try (JsonParser parser = MAPPER.createParser(json)) {
            reader.readRoot(parser);
        } catch (JacksonException e) {
            throw new ModelFormatException(file, "not JSON: " + e.getOriginalMessage(), e);
        }
        return reader.toVocabulary();
    }

    private Vocabulary toVocabulary() {
        if (unknownToken != null && idByToken.containsKey(unknownToken)) {
            unknownId = OptionalInt.of(idByToken.get(unknownToken));
        }
        return new Vocabulary(idByToken, addedIds, specialIds, decoder, unknownId, addsPrefix);
    }

    private void readRoot(JsonParser parser) throws ModelFormatException {
        require(parser.nextToken() == JsonToken.START_OBJECT, "not a JSON object");
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            String key = parser.currentName();
            JsonToken value = parser.nextToken();
            if (key.equals("model") && value == JsonToken.START_OBJECT) {
                readModel(parser);
            } else if (key.equals("added_tokens") && value == JsonToken.START_ARRAY) {
                readAddedTokens(parser);
            } else if (key.equals("decoder")) {
                decoder = TokenDecoder.read(parser.readValueAsTree());
            } else if (key.equals("normalizer")) {
                addsPrefix |= mentions(parser, "Prepend");
            } else if (key.equals("pre_tokenizer")) {
                addsPrefix |= mentions(parser, "Metaspace", "add_prefix_space");
            } else {
                parser.skipChildren();
            }
        }
    }

    private void readModel(JsonParser parser) throws ModelFormatException {
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            String key = parser.currentName();
            JsonToken value = parser.nextToken();
            if (key.equals("vocab") && value == JsonToken.START_OBJECT) {
                readIdsByToken(parser);
            } else if (key.equals("vocab") && value == JsonToken.START_ARRAY) {
                readPieces(parser);
            } else if (key.equals("unk_token") && value == JsonToken.VALUE_STRING) {
                unknownToken = parser.getString();
            } else if (key.equals("unk_id") && value == JsonToken.VALUE_NUMBER_INT) {
                unknownId = OptionalInt.of(parser.getIntValue());
            } else {
                parser.skipChildren();
            }
        }
    }

    /** {@code {"token": id, ...}}. */
    private void readIdsByToken(JsonParser parser) throws ModelFormatException {
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            String token = parser.currentName();
            parser.nextToken();
            put(token, readId(parser));
        }
    }

    /** {@code [["piece", score], ...]}, where the place is the id. */
    private void readPieces(JsonParser parser) throws ModelFormatException {
        for (int id = 0; parser.nextToken() == JsonToken.START_ARRAY; id++) {
            require(parser.nextToken() == JsonToken.VALUE_STRING, "model.vocab: piece " + id + " is no string");
            put(parser.getString(), id);
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                parser.skipChildren();
            }
        }
    }

    private void readAddedTokens(JsonParser parser) throws ModelFormatException {
        while (parser.nextToken() == JsonToken.START_OBJECT) {
            String content = "";
            int id = -1;
            boolean special = false;
            while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                String key = parser.currentName();
                parser.nextToken();
                switch (key) {
                    case "content" -> content = parser.getValueAsString("");
                    case "id" -> id = readId(parser);
                    case "special" -> special = parser.getValueAsBoolean(false);
                    default -> parser.skipChildren();
                }
            }
            require(id >= 0, "added_tokens: " + content + " has no id");
            put(content, id);
            addedIds.set(id);
            specialIds.set(id, special);
        }
    }

    /**
     * Whether a part of the current value is of one of these types, or has one of these keys with the value true.
     * Leaves the parser at the end of the value.
     */
    private static boolean mentions(JsonParser parser, String... names) {
        List<String> wanted = List.of(names);
        boolean found = false;
        int depth = 0;
        do {
            JsonToken token = parser.currentToken();
            depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
            found |= (token == JsonToken.VALUE_STRING && wanted.contains(parser.getString()))
                    || (token == JsonToken.VALUE_TRUE && wanted.contains(parser.currentName()));
        } while (depth > 0 && parser.nextToken() != null);
        return found;
    }

    private int readId(JsonParser parser) throws ModelFormatException {
        boolean inRange = parser.currentToken() == JsonToken.VALUE_NUMBER_INT && parser.getLongValue() >= 0
                && parser.getLongValue() < MAX_ID;
        require(inRange, "token id " + parser.getString() + ", must be an integer in [0, " + MAX_ID + ")");
        return parser.getIntValue();
    }

    private void put(String token, int id) {
        idByToken.put(token, id);
    }

    private void require(boolean condition, String problem) throws ModelFormatException {
        if (!condition) {
            throw new ModelFormatException(file, problem);
        }
    }
}
