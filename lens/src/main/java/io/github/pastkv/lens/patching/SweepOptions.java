package io.github.pastkv.lens.patching;

import io.github.pastkv.cache.layout.KvType;
import java.util.Objects;

/**
 * Options of a sweep.
 *
 * @param plain whether each patched prompt runs in full, from the first token and layer on; the results are the same
 *        bits
 * @param kvType type that keys and values are stored in
 * @param maxBatchBytes most memory for the activations of the runs that go through the model together; one run goes in
 *        any case
 */
public record SweepOptions(boolean plain, KvType kvType, long maxBatchBytes) {
    public SweepOptions {
        Objects.requireNonNull(kvType, "kvType: null");
        if (maxBatchBytes <= 0) {
            throw new IllegalArgumentException("maxBatchBytes: " + maxBatchBytes + ", must be positive");
        }
    }

    /** Over the frozen prefix, F32, 64 MiB. */
    public static SweepOptions defaults() {
        return new SweepOptions(false, KvType.F32, 64L << 20);
    }

    public SweepOptions withPlain(boolean newPlain) {
        return new SweepOptions(newPlain, kvType, maxBatchBytes);
    }

    public SweepOptions withKvType(KvType newKvType) {
        return new SweepOptions(plain, newKvType, maxBatchBytes);
    }

    public SweepOptions withMaxBatchBytes(long newMaxBatchBytes) {
        return new SweepOptions(plain, kvType, newMaxBatchBytes);
    }
}
