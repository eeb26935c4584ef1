package io.github.pastkv.lens.circuits;

import io.github.pastkv.cache.layout.KvType;
import java.util.Objects;

/**
 * Options of a circuit search.
 *
 * @param threshold an edge is removed when the metric rises by less
 * @param plain whether each edge is tried by a run of its own, in full, from the first token and layer on; the circuit
 *        and its numbers are the same bits
 * @param kvType type that keys and values are stored in
 * @param maxRows most edges that are tried together
 * @param maxBatchBytes most memory for the activations of the runs that go through the model together; one run goes in
 *        any case
 */
public record CircuitOptions(double threshold, boolean plain, KvType kvType, int maxRows, long maxBatchBytes) {
    public CircuitOptions {
        Objects.requireNonNull(kvType, "kvType: null");
        if (!(threshold > 0) || Double.isInfinite(threshold)) {
            throw new IllegalArgumentException("threshold: " + threshold + ", must be positive");
        }
        if (maxRows <= 0) {
            throw new IllegalArgumentException("maxRows: " + maxRows + ", must be positive");
        }
        if (maxBatchBytes <= 0) {
            throw new IllegalArgumentException("maxBatchBytes: " + maxBatchBytes + ", must be positive");
        }
    }

    /** Over the frozen prefix, F32, up to 16 edges together in 256 MiB. */
    public static CircuitOptions of(double threshold) {
        return new CircuitOptions(threshold, false, KvType.F32, 16, 256L << 20);
    }

    public CircuitOptions withPlain(boolean newPlain) {
        return new CircuitOptions(threshold, newPlain, kvType, maxRows, maxBatchBytes);
    }

    public CircuitOptions withKvType(KvType newKvType) {
        return new CircuitOptions(threshold, plain, newKvType, maxRows, maxBatchBytes);
    }

    public CircuitOptions withMaxRows(int newMaxRows) {
        return new CircuitOptions(threshold, plain, kvType, newMaxRows, maxBatchBytes);
    }

    public CircuitOptions withMaxBatchBytes(long newMaxBatchBytes) {
        return new CircuitOptions(threshold, plain, kvType, maxRows, newMaxBatchBytes);
    }
}
