package io.github.pastkv.tests.torchtune;

import io.github.pastkv.cache.FixedKvCache;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.golden.GoldenFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Calls on torchtune's {@code KVCache} and their results: a line of {@code golden/torchtune}. */
final class CacheTrace {
    private final JsonNode json;

    private CacheTrace(JsonNode json) {
        this.json = json;
    }

    /** All lines of a file. */
    static List<CacheTrace> readAll(String file) {
        try (Stream<String> lines = Files.lines(GoldenFiles.path("torchtune/" + file))) {
            return lines.map(line -> new CacheTrace(JsonMapper.shared().readTree(line))).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    int batchSize() {
        return json.required("batch_size").asInt();
    }

    int maxSeqLen() {
        return json.required("max_seq_len").asInt();
    }

    /** The traces in double precision hold small integers, which are exact in F32 too. */
    DataType dataType() {
        return switch (json.required("dtype").asString()) {
            case "float32", "float64" -> DataType.F32;
            case "float16" -> DataType.F16;
            case "bfloat16" -> DataType.BF16;
            default -> throw new IllegalArgumentException(json.required("dtype").toString());
        };
    }

    /** A cache as the trace's constructor call makes it. */
    FixedKvCache newCache() {
        return new FixedKvCache(batchSize(), maxSeqLen(), json.required("num_kv_heads").asInt(),
                json.required("head_dim").asInt(), dataType());
    }

    List<JsonNode> operations() {
        return StreamSupport.stream(json.required("ops").spliterator(), false).toList();
    }

    /** The whole buffer of keys ({@code final_k}) or values ({@code final_v}) at the end, where the trace lists it. */
    float[] finalBuffer(String name) {
        JsonNode numbers = json.path(name);
        float[] buffer = new float[numbers.size()];
        for (int i = 0; i < buffer.length; i++) {
            buffer[i] = (float) numbers.get(i).asDouble();
        }
        return buffer;
    }

    boolean hasFinalBuffers() {
        return json.has("final_k");
    }

    /** The keys ({@code k}) or values ({@code v}) of an update: element i is base + i mod modulus. */
    Tensor numbers(JsonNode update, String name) {
        JsonNode shapeNode = update.path(name + "_shape").isMissingNode()
                ? update.required("shape")
                : update.required(name + "_shape");
        long[] shape = StreamSupport.stream(shapeNode.spliterator(), false).mapToLong(JsonNode::asLong).toArray();
        Tensor tensor = Tensor.allocate(Arena.ofAuto(), dataType(), shape);
        int base = update.required(name).required("base").asInt();
        int modulus = update.required(name).required("modulus").asInt();
        for (int i = 0; i < tensor.numElements(); i++) {
            dataType().write(tensor.segment(), (long) i * dataType().bytes(), base + (float) (i % modulus));
        }
        return tensor;
    }

    @Override
    public String toString() {
        return json.required("id").asInt() + " " + json.path("dtype").asString() + " " + json.path("note").asString("");
    }
}
