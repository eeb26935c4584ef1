package io.github.pastkv.serve.request;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.cfg.JsonNodeFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads bodies of requests strictly: UTF-8, one object, no key twice, nothing after it, bounded nesting. Decimals stay
 * exact, as those of a schema must.
 */
public final class RequestJson {
    private static final int MAX_NESTING = 64;
    private static final int MAX_STRING_CHARS = 256 << 20; // the body's own limit comes first
    private static final JsonMapper STRICT = JsonMapper
            .builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(MAX_NESTING)
                            .maxStringLength(MAX_STRING_CHARS).build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES).build();

    private RequestJson() {}

    /**
     * The fields of the object that a body is.
     *
     * @throws ApiException 400 when it is not one, saying why
     */
    public static RequestFields read(byte[] body) {
        try {
            String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
            JsonNode node = STRICT.readTree(text);
            if (!(node instanceof ObjectNode object)) {
                throw ApiException.badRequest("body: must be a JSON object");
            }
            return new RequestFields(object);
        } catch (CharacterCodingException _) {
            throw ApiException.badRequest("body: not UTF-8");
        } catch (JacksonException e) {
            throw ApiException
                    .badRequest("body: not strict JSON: " + e.getOriginalMessage().lines().findFirst().orElse(""));
        }
    }
}
