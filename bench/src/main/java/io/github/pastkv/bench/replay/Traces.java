package io.github.pastkv.bench.replay;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
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
 * Traces as files: a line of JSON for each request, {@code {"timestamp": 27482, "input_length": 6955, "output_length": 52,
 * "hash_ids": [46, 47, 48]}}.
 */
final class Traces {
    private static final JsonMapper JSON = new JsonMapper();

    private Traces() {}

    /** Reads a trace; a wrong line is an {@link IOException} with file and line. */
    static List<TraceRequest> read(Path file) throws IOException {
        List<TraceRequest> requests = new ArrayList<>();
        try (BufferedReader lines = Files.newBufferedReader(file)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (!line.isBlank()) {
                    requests.add(parse(line, file, requests.size() + 1));
                }
            }
        }
        return requests;
    }

    private static TraceRequest parse(String line, Path file, int number) throws IOException {
        try {
            JsonNode json = JSON.readTree(line);
            JsonNode ids = json.required("hash_ids");
            int[] hashIds = new int[ids.size()];
            for (int i = 0; i < hashIds.length; i++) {
                hashIds[i] = ids.get(i).intValue();
            }
            return new TraceRequest(json.required("timestamp").longValue(), json.required("input_length").intValue(),
                    json.required("output_length").intValue(), hashIds);
        } catch (JacksonException e) {
            throw new IOException(file + ": request " + number + ": " + e.getOriginalMessage(), e);
        }
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
