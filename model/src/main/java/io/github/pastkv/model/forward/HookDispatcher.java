package io.github.pastkv.model.forward;

import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.hooks.HookCatalog;
import io.github.pastkv.model.hooks.HookName;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.model.hooks.HookShape;
import io.github.pastkv.model.hooks.Probe;
import io.github.pastkv.model.hooks.StepSlots;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.Arrays;

/**
 * Dispatches the activations of one step to a probe: the packed rows of real tokens become {@code [B, N, ...]} with
 * zeros at padding, and changes by the probe are copied back. Without padding it passes a view. For one thread; owns
 * the tensors that it creates until {@link #close}.
 */
final class HookDispatcher implements AutoCloseable {
    private final HookCatalog hooks;
    private final ModelConfig config;
    private final Probe probe;
    private final StepSlots slots;
    private final Arena arena = Arena.ofShared();

    HookDispatcher(HookCatalog hooks, Probe probe, StepSlots slots) {
        this.hooks = hooks;
        this.config = hooks.config();
        this.probe = probe;
        this.slots = slots;
    }

    boolean wants(HookPoint point, int layer) {
        return probe.wants(point, layer);
    }

    boolean wantsAny(int layer, HookPoint... points) {
        return Arrays.stream(points).anyMatch(point -> probe.wants(point, layer));
    }

    boolean edits(HookPoint point, int layer) {
        return probe.wants(point, layer) && probe.edits(point, layer);
    }

    StepSlots slots() {
        return slots;
    }

    /** Zeroed F32 memory that lives as long as the step. */
    Tensor allocate(long... shape) {
        return Tensor.allocate(arena, DataType.F32, shape);
    }

    /** Dispatches rows {@code [n, width]} of the step's n tokens, at the front of {@code rows}. */
    void rows(HookPoint point, int layer, Tensor rows) {
        if (!wants(point, layer)) {
            return;
        }
        Tensor packed = rows.narrow(0, 0, slots.numTokens());
        HookShape shape = hooks.shape(point);
        if (slots.isDense() && (packed.isContiguous() || !shape.isReshaped())) {
            dispatch(point, layer, named(packed.unflatten(0, slots.batchSize(), slots.numNew()), shape));
            return;
        }
        Tensor padded = allocate(slots.batchSize(), slots.numNew(), packed.shape(1));
        spread(packed, padded);
        dispatch(point, layer, named(padded, shape));
        if (edits(point, layer)) {
            gather(padded, packed);
        }
    }

    /** {@code [B, N, width]} in the shape of its hook. */
    private Tensor named(Tensor batched, HookShape shape) {
        long rows = batched.shape(0) * batched.shape(1);
        return switch (shape) {
            case SLOTS -> batched.reshape(batched.shape(0), batched.shape(1));
            case QUERY_HEADS -> batched.unflatten(2, config.numHeads(), config.headDim());
            case VALUE_HEADS -> batched.unflatten(2, config.numHeads(), config.valueDim());
            case KV_HEADS -> batched.unflatten(2, config.numKvHeads(), config.headDim());
            case QUERY_HEADS_STREAM -> batched.unflatten(2, config.numHeads(), config.hiddenSize());
            case KV_HEADS_STREAM -> batched.unflatten(2, config.numKvHeads(), config.hiddenSize());
            case CHOSEN_STREAM -> batched.unflatten(2, batched.shape(2) / config.hiddenSize(), config.hiddenSize());
            case QUERY_ROWS -> batched.reshape(rows * config.numHeads(), config.headDim());
            case QUERY_ROWS_SCALE -> batched.reshape(rows * config.numHeads(), 1);
            case KEY_ROWS -> batched.reshape(rows * config.numKvHeads(), config.headDim());
            case KEY_ROWS_SCALE -> batched.reshape(rows * config.numKvHeads(), 1);
            default -> batched;
        };
    }

    private void spread(Tensor packed, Tensor padded) {
        for (int token = 0; token < slots.numTokens(); token++) {
            padded(padded, token).copyFrom(packed.narrow(0, token, token + 1L));
        }
    }

    private void gather(Tensor padded, Tensor packed) {
        for (int token = 0; token < slots.numTokens(); token++) {
            packed.narrow(0, token, token + 1L).copyFrom(padded(padded, token));
        }
    }

    /** The row {@code [1, width]} of a token in {@code [B, N, width]}. */
    private Tensor padded(Tensor padded, int token) {
        int row = slots.rowOfToken(token);
        int slot = slots.slotOfToken(token);
        return padded.reshape(padded.shape(0) * padded.shape(1), padded.shape(2)).narrow(0,
                (long) row * slots.numNew() + slot, (long) row * slots.numNew() + slot + 1);
    }

    /** Dispatches a tensor that already has the hook's shape; afterward it contains the value to continue with. */
    void dispatch(HookPoint point, int layer, Tensor tensor) {
        HookName name = point.isInLayer() ? HookName.of(point, layer) : HookName.of(point);
        boolean edits = probe.edits(point, layer);
        Tensor given = edits ? tensor : tensor.asReadOnly();
        Tensor replacement = probe.visit(name, given, slots);
        if (replacement != null && replacement != given) {
            requireReplacement(name, edits, tensor, replacement);
            boolean overlaps = replacement.segment().asOverlappingSlice(tensor.segment()).isPresent();
            tensor.copyFrom(overlaps ? replacement.copy() : replacement);
        }
    }

    private static void requireReplacement(HookName name, boolean edits, Tensor expected, Tensor given) {
        if (!edits) {
            throw new IllegalArgumentException(
                    "hook " + name + ": returned " + given.typeAndShape() + ", but it may not edit");
        }
        if (!Arrays.equals(expected.shape(), given.shape())) {
            throw new IllegalArgumentException("hook " + name + ": returned shape " + Arrays.toString(given.shape())
                    + ", expected " + Arrays.toString(expected.shape()));
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}
