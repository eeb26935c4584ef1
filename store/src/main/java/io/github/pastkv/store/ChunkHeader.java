package io.github.pastkv.store;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The JSON header of a chunk or snapshot: texts under {@code __metadata__}, and tensors of bytes.
 *
 * @param metadata texts by name
 * @param tensors tensors by name
 */
record ChunkHeader(Map<String, String> metadata, Map<String, Part> tensors) {
    private static final String METADATA = "__metadata__";
    private static final JsonMapper JSON = JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

    /** A tensor of bytes, {@code [numBlocks, blockBytes]}, from {@code offset} of the data on. */
    record Part(String name, int numBlocks, long blockBytes, long offset) {}

    static String toJson(Map<String, String> metadata, List<Part> tensors) {
        ObjectNode root = JSON.createObjectNode();
        ObjectNode texts = root.putObject(METADATA);
        metadata.forEach(texts::put);
        for (Part tensor : tensors) {
            ObjectNode fields = root.putObject(tensor.name());
            fields.put("dtype", "U8");
            fields.putArray("shape").add(tensor.numBlocks()).add(tensor.blockBytes());
            fields.putArray("data_offsets").add(tensor.offset())
                    .add(tensor.offset() + tensor.numBlocks() * tensor.blockBytes());
        }
        return JSON.writeValueAsString(root);
    }

    /** Reads the header from byte {@code from} on. */
    static ChunkHeader parse(byte[] header, int from) throws ChunkFormatException {
        try {
            JsonNode root = JSON.readTree(header, from, header.length - from);
            if (!root.isObject() || !root.path(METADATA).isObject()) {
                throw new ChunkFormatException("the header has no " + METADATA);
            }
            Map<String, String> metadata = new LinkedHashMap<>();
            Map<String, Part> tensors = new LinkedHashMap<>();
            for (Map.Entry<String, JsonNode> entry : root.properties()) {
                if (entry.getKey().equals(METADATA)) {
                    entry.getValue().properties().forEach(text -> metadata.put(text.getKey(),
                            text.getValue().stringValue()));
                } else {
                    tensors.put(entry.getKey(), tensor(entry.getKey(), entry.getValue()));
                }
            }
            return new ChunkHeader(metadata, tensors);
        } catch (JacksonException e) {
            throw new ChunkFormatException("the header is not JSON of a chunk: " + e.getOriginalMessage());
        }
    }

    private static Part tensor(String name, JsonNode fields) throws ChunkFormatException {
        JsonNode shape = fields.path("shape");
        JsonNode offsets = fields.path("data_offsets");
        if (!fields.path("dtype").asString("").equals("U8") || !(shape instanceof ArrayNode) || shape.size() != 2
                || !(offsets instanceof ArrayNode) || offsets.size() != 2) {
            throw new ChunkFormatException("tensor " + name + ": must be U8 of two dimensions");
        }
        long numBlocks = shape.get(0).longValue();
        long blockBytes = shape.get(1).longValue();
        long offset = offsets.get(0).longValue();
        if (numBlocks < 1 || numBlocks > Integer.MAX_VALUE || blockBytes < 1 || blockBytes > Integer.MAX_VALUE
                || offset < 0 || offsets.get(1).longValue() != offset + numBlocks * blockBytes) {
            throw new ChunkFormatException("tensor " + name + ": shape " + shape + " at " + offsets);
        }
        return new Part(name, (int) numBlocks, blockBytes, offset);
    }

    String require(String name) throws ChunkFormatException {
        String text = metadata.get(name);
        if (text == null) {
            throw new ChunkFormatException("no " + name);
        }
        return text;
    }

    /** The texts whose names begin with a prefix, by the rest of their names. */
    Map<String, String> withPrefix(String prefix) {
        Map<String, String> texts = new TreeMap<>();
        metadata.forEach((name, text) -> {
            if (name.startsWith(prefix)) {
                texts.put(name.substring(prefix.length()), text);
            }
        });
        return texts;
    }

    int[] requireInts(String name) throws ChunkFormatException {
        String text = require(name);
        String[] numbers = text.isEmpty() ? new String[0] : text.split(",", -1);
        int[] ints = new int[numbers.length];
        for (int i = 0; i < ints.length; i++) {
            try {
                ints[i] = Integer.parseInt(numbers[i]);
            } catch (NumberFormatException e) {
                throw new ChunkFormatException(name + ": " + numbers[i] + " is no number");
            }
        }
        return ints;
    }
}
