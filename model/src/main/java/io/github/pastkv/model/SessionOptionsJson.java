package io.github.pastkv.model;

import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvTypes;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.cache.layout.LayerKvTypes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The options of a saved session as JSON. A salt is not written, only that there was one. */
final class SessionOptionsJson {
    private SessionOptionsJson() {}

    static String toJson(SessionOptions options) {
        ObjectNode json = JsonMapper.shared().createObjectNode();
        put(json.putObject("kv_types"), options.kvTypes().rest());
        ObjectNode layers = json.putObject("kv_types_of_layers");
        options.kvTypes().named().forEach((layer, types) -> put(layers.putObject(Integer.toString(layer)), types));
        json.put("block_size", options.blockSize()).put("max_seq_len", options.maxSeqLen())
                .put("max_pool_bytes", options.maxPoolBytes()).put("window", options.window().numTokens())
                .put("sinks", options.window().numSinks()).put("window_chunk", options.window().numChunkTokens())
                .put("max_rewind_tokens", options.maxRewindTokens())
                .put("reuses_prefixes", options.prefixReuse().isOn())
                .put("is_salted", !options.prefixReuse().salt().isEmpty());
        return json.toString();
    }

    private static void put(ObjectNode json, KvTypes types) {
        json.put("keys", types.keys().toString()).put("values", types.values().toString());
    }

    static SessionOptions parse(Path file, String text) throws IOException {
        try {
            JsonNode json = JsonMapper.shared().readTree(text);
            if (json.path("is_salted").booleanValue()) {
                throw new IOException(file + ": was saved with a salt, so it must be opened with options that have it");
            }
            Map<Integer, KvTypes> layers = new HashMap<>();
            json.path("kv_types_of_layers").properties()
                    .forEach(layer -> layers.put(Integer.valueOf(layer.getKey()), types(layer.getValue())));
            return SessionOptions.defaults().withKvTypes(new LayerKvTypes(types(json.path("kv_types")), layers))
                    .withBlockSize(json.path("block_size").intValue())
                    .withMaxSeqLen(json.path("max_seq_len").intValue())
                    .withMaxPoolBytes(json.path("max_pool_bytes").longValue())
                    .withWindow(new KvWindow(json.path("window").intValue(), json.path("sinks").intValue(),
                            json.path("window_chunk").intValue()))
                    .withMaxRewindTokens(json.path("max_rewind_tokens").intValue())
                    .withPrefixReuse(json.path("reuses_prefixes").booleanValue());
        } catch (JacksonException | IllegalArgumentException e) {
            throw new IOException(file + ": its options cannot be read: " + e.getMessage(), e);
        }
    }

    private static KvTypes types(JsonNode json) {
        return new KvTypes(type(json.path("keys")), type(json.path("values")));
    }

    private static KvType type(JsonNode json) {
        return KvType.valueOf(json.stringValue().toUpperCase(Locale.ROOT));
    }
}
