package io.github.pastkv.bench.replay;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads and writes traces, one JSON object per request:
 * {@code {"timestamp": 27482, "input_length": 6955, "output_length": 52, "hash_ids": [46, 47, 48]}}.
 */
final class Traces {
    private static final JsonMapper JSON = new JsonMapper();

    private Traces() {}

    /**
     * Reads a trace; empty lines count for nothing.
     *
     * @throws IOException when the file cannot be read, is no UTF-8, or has a line that is no request; it names file
     *        and line
     */
    static List<TraceRequest> read(Path file) throws IOException {
        List<TraceRequest> requests = new ArrayList<>();
        int number = 1;
        try (BufferedReader lines = Files.newBufferedReader(file)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (!line.isBlank()) {
                    requests.add(parse(line));
                }
                number++;
            }
        } catch (JacksonException e) {
            throw new IOException(file + ", line " + number + ": " + e.getOriginalMessage(), e);
        } catch (IllegalArgumentException e) {
            throw new IOException(file + ", line " + number + ": " + e.getMessage(), e);
        } catch (CharacterCodingException e) {
            throw new IOException(file + ", line " + number + " or later: not UTF-8", e);
        }
        return requests;
    }

    private static TraceRequest parse(String line) {
        JsonNode json = JSON.readTree(line);
        JsonNode ids = json.required("hash_ids");
        if (!ids.isArray()) {
            throw new IllegalArgumentException("hash_ids: " + ids + ", must be an array");
        }
        int[] hashIds = new int[ids.size()];
        for (int i = 0; i < hashIds.length; i++) {
            hashIds[i] = Math.toIntExact(natural("hash_ids", ids.get(i), Integer.MAX_VALUE));
        }
        return new TraceRequest(natural("timestamp", json.required("timestamp"), Long.MAX_VALUE),
                length(json, "input_length"), length(json, "output_length"), hashIds);
    }

    private static int length(JsonNode json, String name) {
        return Math.toIntExact(natural(name, json.required(name), Integer.MAX_VALUE));
    }

    /** A whole number that is not negative. */
    private static long natural(String name, JsonNode number, long most) {
        if (!number.isIntegralNumber() || !number.canConvertToLong() || number.longValue() < 0
                || number.longValue() > most) {
            throw new IllegalArgumentException(name + ": " + number + ", must be a whole number in [0, " + most + "]");
        }
        return number.longValue();
    }

    /** Writes a trace. */
    static void write(Path file, List<TraceRequest> requests) throws IOException {
        try (BufferedWriter writer = Files.newBufferedWriter(file)) {
            for (TraceRequest request : requests) {
                writer.write(line(request));
                writer.newLine();
            }
        }
    }

    private static String line(TraceRequest request) {
        ObjectNode json = JSON.createObjectNode();
        json.put("timestamp", request.timestamp());
        json.put("input_length", request.inputLength());
        json.put("output_length", request.outputLength());
        ArrayNode ids = json.putArray("hash_ids");
        for (int id : request.hashIds()) {
            ids.add(id);
        }
        return JSON.writeValueAsString(json);
    }
}
