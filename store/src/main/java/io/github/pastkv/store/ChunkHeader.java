package io.github.pastkv.store;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.LongStream;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The JSON header of a chunk or snapshot: texts under {@code __metadata__}, and tensors of bytes.
 *
 * @param metadata texts by name
 * @param tensors tensors by name
 */
record ChunkHeader(Map<String, String> metadata, Map<String, Part> tensors) {
    private static final String METADATA = "__metadata__";
    private static final JsonMapper JSON = JsonMapper.shared();

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

    /** Reads the header from byte {@code from} on. As a stream: it is read with every chunk. */
    static ChunkHeader parse(byte[] header, int from) throws ChunkFormatException {
        Map<String, String> metadata = null;
        Map<String, Part> tensors = new LinkedHashMap<>();
        try (JsonParser json = JSON.createParser(header, from, header.length - from)) {
            require(json.nextToken() == JsonToken.START_OBJECT, "the header is no JSON object");
            for (String name = json.nextName(); name != null; name = json.nextName()) {
                require(json.nextToken() == JsonToken.START_OBJECT, name + " is no JSON object");
                boolean isNew = name.equals(METADATA) ? metadata == null : !tensors.containsKey(name);
                require(isNew, name + " is there twice");
                if (name.equals(METADATA)) {
                    metadata = texts(json);
                } else {
                    tensors.put(name, tensor(name, json));
                }
            }
            require(json.currentToken() == JsonToken.END_OBJECT && json.nextToken() == null,
                    "the header does not end after its JSON object");
        } catch (JacksonException e) {
            throw new ChunkFormatException("the header is not JSON of a chunk: " + e.getOriginalMessage());
        }
        if (metadata == null) {
            throw new ChunkFormatException("the header has no " + METADATA);
        }
        return new ChunkHeader(metadata, tensors);
    }

    private static void require(boolean holds, String otherwise) throws ChunkFormatException {
        if (!holds) {
            throw new ChunkFormatException(otherwise);
        }
    }

    private static Map<String, String> texts(JsonParser json) throws ChunkFormatException {
        Map<String, String> texts = new LinkedHashMap<>();
        for (String name = json.nextName(); name != null; name = json.nextName()) {
            require(json.nextToken() == JsonToken.VALUE_STRING, name + " is no text");
            require(texts.put(name, json.getString()) == null, name + " is there twice");
        }
        return texts;
    }

    private static Part tensor(String name, JsonParser json) throws ChunkFormatException {
        String type = "";
        long[] shape = {};
        long[] offsets = {};
        for (String field = json.nextName(); field != null; field = json.nextName()) {
            json.nextToken();
            switch (field) { // of a field that is there twice, the last counts
                case "dtype" -> type = json.currentToken() == JsonToken.VALUE_STRING ? json.getString() : "";
                case "shape" -> shape = numbers(name, json);
                case "data_offsets" -> offsets = numbers(name, json);
                default -> json.skipChildren();
            }
        }
        require(type.equals("U8") && shape.length == 2 && offsets.length == 2,
                "tensor " + name + ": must be U8 of two dimensions");
        require(isCount(shape[0]) && isCount(shape[1]) && offsets[0] >= 0
                && offsets[1] == offsets[0] + shape[0] * shape[1],
                "tensor " + name + ": shape " + Arrays.toString(shape) + " at " + Arrays.toString(offsets));
        return new Part(name, (int) shape[0], shape[1], offsets[0]);
    }

    private static boolean isCount(long number) {
        return number >= 1 && number <= Integer.MAX_VALUE;
    }

    private static long[] numbers(String name, JsonParser json) throws ChunkFormatException {
        require(json.currentToken() == JsonToken.START_ARRAY, "tensor " + name + ": no list of numbers");
        LongStream.Builder numbers = LongStream.builder();
        while (json.nextToken() != JsonToken.END_ARRAY) {
            require(json.currentToken() == JsonToken.VALUE_NUMBER_INT, "tensor " + name + ": no list of numbers");
            numbers.add(json.getLongValue());
        }
        return numbers.build().toArray();
    }

    String require(String name) throws ChunkFormatException {
        String text = metadata.get(name);
        if (text == null) {
            throw new ChunkFormatException("no " + name);
        }
        return text;
    }

    /** The texts whose names begin with a prefix, by the rest of their names. */
    SortedMap<String, String> withPrefix(String prefix) {
        SortedMap<String, String> texts = new TreeMap<>();
        metadata.forEach((name, text) -> {
            if (name.startsWith(prefix)) {
                texts.put(name.substring(prefix.length()), text);
            }
        });
        return texts;
    }

    /** Numbers that are joined by commas. */
    int[] requireInts(String name) throws ChunkFormatException {
        String text = require(name);
        int[] ints = new int[text.isEmpty() ? 0 : 1 + (int) text.chars().filter(character -> character == ',').count()];
        int from = 0;
        for (int i = 0; i < ints.length; i++) {
            int comma = text.indexOf(',', from);
            int to = comma < 0 ? text.length() : comma;
            try {
                ints[i] = Integer.parseInt(text, from, to, 10);
            } catch (NumberFormatException e) {
                throw new ChunkFormatException(name + ": " + text.substring(from, to) + " is no number");
            }
            from = to + 1;
        }
        return ints;
    }
}
