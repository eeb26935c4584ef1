package io.github.pastkv.store;

import io.github.pastkv.cache.KvSnapshot;
import io.github.pastkv.cache.mask.AttentionMask;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The caches of a snapshot as JSON, without their blocks (docs/format.md). */
final class SnapshotJson {
    private static final JsonMapper JSON = JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

    private static final int MAX_TOKENS = 1 << 24; // of a row; more than any model has

    private SnapshotJson() {}

    static String of(List<KvSnapshot.Cache> caches) {
        ArrayNode list = JSON.createArrayNode();
        for (KvSnapshot.Cache cache : caches) {
            ObjectNode fields = list.addObject();
            fields.put("frozen", cache.frozen());
            fields.put("num_slots", cache.mask().numSlots());
            ArrayNode rows = fields.putArray("rows");
            for (int row = 0; row < cache.rows().size(); row++) {
                put(rows.addObject(), cache.mask(), row, cache.rows().get(row));
            }
        }
        return list.toString();
    }

    private static void put(ObjectNode fields, AttentionMask mask, int row, KvSnapshot.Row from) {
        put(fields, "token_ids", from.tokenIds());
        put(fields, "padding", IntStream.range(0, mask.numSlots()).filter(slot -> !mask.isReal(row, slot)).toArray());
        fields.put("num_exact", from.numExact());
        ArrayNode tables = fields.putArray("tables");
        for (KvSnapshot.Table table : from.tables()) {
            ObjectNode one = tables.addObject();
            one.put("first_held", table.firstHeld());
            one.put("num_released", table.numReleased());
            put(one, "blocks", table.blocks());
        }
    }

    private static void put(ObjectNode fields, String name, int[] numbers) {
        ArrayNode list = fields.putArray(name);
        Arrays.stream(numbers).forEach(list::add);
    }

    static List<KvSnapshot.Cache> caches(String json) throws ChunkFormatException {
        List<KvSnapshot.Cache> caches = new ArrayList<>();
        try {
            for (JsonNode cache : list(JSON.readTree(json), "caches")) {
                caches.add(cache(cache));
            }
        } catch (JacksonException e) {
            throw new ChunkFormatException("caches: not JSON: " + e.getOriginalMessage());
        }
        return caches;
    }

    private static KvSnapshot.Cache cache(JsonNode fields) throws ChunkFormatException {
        int numSlots = number(fields, "num_slots");
        List<KvSnapshot.Row> rows = new ArrayList<>();
        List<int[]> padding = new ArrayList<>();
        for (JsonNode row : list(fields.path("rows"), "rows")) {
            padding.add(padding(row, numSlots));
            rows.add(row(row));
        }
        if (rows.isEmpty()) {
            throw new ChunkFormatException("rows: none");
        }
        return new KvSnapshot.Cache(fields.path("frozen").booleanValue(),
                AttentionMask.ofPadding(numSlots, padding.toArray(int[][]::new)), rows);
    }

    /** The padded slots of a row, once there are not more slots than it can have. */
    private static int[] padding(JsonNode row, int numSlots) throws ChunkFormatException {
        int[] padding = numbers(row, "padding");
        if (numSlots - padding.length > MAX_TOKENS) {
            throw new ChunkFormatException("num_slots: " + numSlots + ", " + padding.length + " of them padding");
        }
        for (int slot : padding) {
            if (slot < 0 || slot >= numSlots) {
                throw new ChunkFormatException("padding: slot " + slot + " of " + numSlots);
            }
        }
        return padding;
    }

    private static KvSnapshot.Row row(JsonNode fields) throws ChunkFormatException {
        List<KvSnapshot.Table> tables = new ArrayList<>();
        for (JsonNode table : list(fields.path("tables"), "tables")) {
            tables.add(new KvSnapshot.Table(number(table, "first_held"), number(table, "num_released"),
                    numbers(table, "blocks")));
        }
        return new KvSnapshot.Row(numbers(fields, "token_ids"), number(fields, "num_exact"), tables);
    }

    private static JsonNode list(JsonNode node, String name) throws ChunkFormatException {
        if (!node.isArray()) {
            throw new ChunkFormatException(name + ": is no list");
        }
        return node;
    }

    private static int number(JsonNode fields, String name) throws ChunkFormatException {
        JsonNode number = fields.path(name);
        if (!number.isInt() || number.intValue() < 0) {
            throw new ChunkFormatException(name + ": " + number + ", must be a number");
        }
        return number.intValue();
    }

    private static int[] numbers(JsonNode fields, String name) throws ChunkFormatException {
        JsonNode list = list(fields.path(name), name);
        int[] numbers = new int[list.size()];
        for (int i = 0; i < numbers.length; i++) {
            if (!list.get(i).isInt()) {
                throw new ChunkFormatException(name + ": " + list.get(i) + ", must be a number");
            }
            numbers[i] = list.get(i).intValue();
        }
        return numbers;
    }
}
