package io.github.pastkv.model.forward;

import io.github.pastkv.cache.KvStep;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.model.hooks.StepSlots;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Hands past and new keys and values of a layer to hooks. */
final class HookedPast {
    private final HookDispatcher dispatcher;
    private final StepSlots slots;
    private final KvStep step;
    private final ModelConfig config;

    HookedPast(HookDispatcher dispatcher, KvStep step, ModelConfig config) {
        this.dispatcher = dispatcher;
        this.slots = dispatcher.slots();
        this.step = step;
        this.config = config;
    }

    /** The keys and values that attention reads instead of the stored ones if a hook changed any; otherwise null. */
    PatchedKv @Nullable [] edited(int layer) {
        Tensor keys = handedOut(layer, true, HookPoint.ROT_K, HookPoint.PAST_K);
        Tensor values = handedOut(layer, false, HookPoint.PAST_V);
        if (keys == null && values == null) {
            return null;
        }
        Tensor allKeys = keys == null ? past(layer, true) : keys;
        Tensor allValues = values == null ? past(layer, false) : values;
        return IntStream.range(0, slots.batchSize())
                .mapToObj(row -> new PatchedKv(dispatcher, allKeys, allValues, row)).toArray(PatchedKv[]::new);
    }

    /** Dispatches past and new keys or values; returns them if they were changed. */
    private @Nullable Tensor handedOut(int layer, boolean ofKeys, HookPoint... points) {
        if (!dispatcher.wantsAny(layer, points)) {
            return null;
        }
        Tensor past = past(layer, ofKeys);
        Tensor before = past.copy();
        for (HookPoint point : points) {
            if (dispatcher.wants(point, layer)) {
                dispatcher.dispatch(point, layer, past);
            }
        }
        return before.segment().mismatch(past.segment().asSlice(0, before.segment().byteSize())) < 0 ? null : past;
    }

    /** {@code [B, P + N, K, D]} as stored; zeros at padding and at evicted positions. */
    private Tensor past(int layer, boolean ofKeys) {
        Tensor past = dispatcher.allocate(slots.batchSize(), slots.kvSlots(), config.numKvHeads(), config.headDim());
        for (int row = 0; row < slots.batchSize(); row++) {
            for (int position = 0; position < slots.kvLength(row); position++) {
                if (step.holds(layer, row, position)) {
                    readToken(layer, ofKeys, past, row, position);
                }
            }
        }
        return past;
    }

    private void readToken(int layer, boolean ofKeys, Tensor past, int row, int position) {
        long start = past.byteOffset(row, slots.keySlotOf(row, position), 0, 0);
        for (int head = 0; head < config.numKvHeads(); head++) {
            for (int dim = 0; dim < config.headDim(); dim++) {
                float number = ofKeys
                        ? step.readKey(layer, row, position, head, dim)
                        : step.readValue(layer, row, position, head, dim);
                DataType.F32.write(past.segment(), start + 4L * (head * config.headDim() + dim), number);
            }
        }
    }
}
