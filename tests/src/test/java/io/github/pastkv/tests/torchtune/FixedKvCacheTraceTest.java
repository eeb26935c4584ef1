package io.github.pastkv.tests.torchtune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.pastkv.cache.FixedKvCache;
import io.github.pastkv.cache.KvCacheEntry.KeysValues;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.LazyTensor;
import io.github.pastkv.tensor.Tensor;
import io.github.pastkv.testkit.cache.IntegrityExtension;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/**
 * Call sequences recorded on torchtune's {@code KVCache}, replayed on {@code FixedKvCache}: same sizes, bytes and
 * errors.
 */
class FixedKvCacheTraceTest {
    @RegisterExtension final IntegrityExtension caches = new IntegrityExtension();

    static List<CacheTrace> traces() {
        return CacheTrace.readAll("kvcache.jsonl");
    }

    static List<CacheTrace> quirks() {
        return CacheTrace.readAll("quirks.jsonl");
    }

    @Test
    void traces_areAllThere() {
        assertThat(traces()).hasSize(148);
        assertThat(traces()).extracting(CacheTrace::dataType).contains(DataType.F32, DataType.F16,
                DataType.BF16);
        assertThat(quirks()).hasSize(3);
    }

    @ParameterizedTest
    @MethodSource("traces")
    void trace_showsTheSameSizesBuffersAndErrors(CacheTrace trace) {
        FixedKvCache cache = caches.watch(trace.newCache());
        KeysValues buffers = emptyUpdate(trace, cache);
        for (JsonNode operation : trace.operations()) {
            play(trace, cache, buffers, operation);
            assertThat(cache.size()).as("%s", operation).isEqualTo(operation.required("size").asInt());
            assertDigest(operation, "k_sha256", buffers.keys());
            assertDigest(operation, "v_sha256", buffers.values());
        }
        if (trace.hasFinalBuffers()) {
            assertThat(buffers.keys().toFloatArray()).isEqualTo(trace.finalBuffer("final_k"));
            assertThat(buffers.values().toFloatArray()).isEqualTo(trace.finalBuffer("final_v"));
        }
    }

    /** What torchtune does outside its documented behavior is refused here, before anything is written. */
    @ParameterizedTest
    @MethodSource("quirks")
    void quirk_isRefusedAndChangesNothing(CacheTrace trace) {
        FixedKvCache cache = caches.watch(trace.newCache());
        KeysValues buffers = emptyUpdate(trace, cache);
        for (JsonNode operation : trace.operations()) {
            assertThatIllegalArgumentException().isThrownBy(() -> update(trace, cache, operation));
        }
        assertThat(cache.size()).isZero();
        assertThat(buffers.keys().toFloatArray()).containsOnly(0);
        assertThat(buffers.values().toFloatArray()).containsOnly(0);
    }

    /** An update of no positions, which changes nothing and returns the buffers. */
    private static KeysValues emptyUpdate(CacheTrace trace, FixedKvCache cache) {
        JsonNode update = trace.operations().stream().filter(each -> each.has("shape")).findFirst().orElseThrow();
        Tensor nothing = trace.numbers(update, "k").narrow(0, 0, 1).narrow(2, 0, 0);
        Tensor rows = Tensor.allocate(Arena.ofAuto(), trace.dataType(), trace.batchSize(),
                nothing.shape(1), 0, nothing.shape(3));
        return cache.update(rows, rows);
    }

    private static void play(CacheTrace trace, FixedKvCache cache, KeysValues buffers, JsonNode operation) {
        switch (operation.required("op").asString()) {
            case "update" -> {
                if (operation.has("error")) {
                    assertRefused(trace, cache, operation);
                } else {
                    assertThat(update(trace, cache, operation)).isSameAs(buffers);
                }
            }
            case "reset" -> cache.reset();
            case "size" -> {}
            default -> throw new IllegalArgumentException(operation.toString());
        }
    }

    private static KeysValues update(CacheTrace trace, FixedKvCache cache, JsonNode operation) {
        return cache.update(trace.numbers(operation, "k"), trace.numbers(operation, "v"));
    }

    /** The message names what was configured and what would be reached. */
    private static void assertRefused(CacheTrace trace, FixedKvCache cache, JsonNode operation) {
        JsonNode shape = operation.required("shape");
        boolean overBatch = operation.required("error").asString().equals("over_batch");
        int reached = overBatch ? shape.get(0).asInt() : cache.size() + shape.get(2).asInt();
        String configured = overBatch ? "batch of " + trace.batchSize() : "maxSeqLen of " + trace.maxSeqLen();
        assertThatIllegalArgumentException().isThrownBy(() -> update(trace, cache, operation))
                .withMessageContaining(" " + reached).withMessageContaining(configured);
    }

    private static void assertDigest(JsonNode operation, String name, LazyTensor buffer) {
        if (operation.has(name)) {
            assertThat(sha256(buffer.toFloatArray())).as("%s of %s", name, operation)
                    .isEqualTo(operation.required(name).asString());
        }
    }

    private static String sha256(float[] numbers) {
        ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(numbers);
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.array()));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
