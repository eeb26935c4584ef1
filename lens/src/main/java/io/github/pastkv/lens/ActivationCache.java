package io.github.pastkv.lens;

import io.github.pastkv.model.files.SafetensorsWriter;
import io.github.pastkv.model.hooks.HookCatalog;
import io.github.pastkv.model.hooks.HookName;
import io.github.pastkv.model.hooks.HookShape;
import io.github.pastkv.model.hooks.StepSlots;
import io.github.pastkv.tensor.DataType;
import io.github.pastkv.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * The activations of one run, by hook point, in execution order. They are copies and stay valid after the run; off-heap
 * ones until {@link #close}. For one thread while it is filled, then for any number.
 */
public final class ActivationCache implements AutoCloseable {
    private final HookCatalog hooks;
    private final Capture capture;
    private final @Nullable Arena arena;
    private final Map<HookName, Tensor> activations = new LinkedHashMap<>();

    ActivationCache(HookCatalog hooks, Capture capture) {
        this.hooks = hooks;
        this.capture = capture;
        this.arena = capture.offHeap() ? Arena.ofShared() : null;
    }

    /** The hook that fills it. */
    Hook hook() {
        return Hook.observe(capture.filter(), this::take).withoutCopy(); // copies what it keeps, sliced
    }

    private void take(Tensor activation, HookContext context) {
        HookShape shape = hooks.shape(context.name().point());
        activations.put(context.name(), kept(sliced(activation, shape, context.slots())));
    }

    private Tensor sliced(Tensor activation, HookShape shape, StepSlots slots) {
        if (capture.slots().isAll() && capture.rows().isAll()) {
            return activation;
        }
        Capture.Range rows = capture.rows().in("rows", slots.batchSize());
        Capture.Range newSlots = capture.slots().in("slots", slots.numNew());
        if (shape.isFlat()) {
            long perSlot = activation.shape(0) / slots.batchSize() / slots.numNew();
            Tensor batched = activation.unflatten(0, slots.batchSize(), slots.numNew(), perSlot);
            Tensor part = batched.narrow(0, rows.from(), rows.to()).narrow(1, newSlots.from(), newSlots.to());
            return part.copy().reshape(part.numElements() / activation.shape(1), activation.shape(1));
        }
        Tensor selectedRows = activation.narrow(0, rows.from(), rows.to());
        int axis = shape.slotAxis();
        return axis < 0 ? selectedRows : selectedRows.narrow(axis, newSlots.from(), newSlots.to());
    }

    private Tensor kept(Tensor activation) {
        if (arena == null) {
            return activation.copy();
        }
        Tensor copy = Tensor.allocate(arena, DataType.F32, activation.shape());
        copy.copyFrom(activation);
        return copy;
    }

    /** The hooks that it has. */
    public Set<HookName> names() {
        return activations.keySet();
    }

    /** Whether it has a hook, by name or shorthand. */
    public boolean has(String name) {
        return activations.containsKey(HookName.parse(name));
    }

    /** An activation by name or shorthand: {@code blocks.0.attn.hook_pattern}, {@code attn0}. */
    public Tensor get(String name) {
        return get(HookName.parse(name));
    }

    /** An activation by shorthand and layer: {@code get("k", 6)}. */
    public Tensor get(String activation, int layer) {
        return get(HookName.parse(activation, layer));
    }

    /**
     * An activation.
     *
     * @throws IllegalArgumentException when the run did not keep it
     * @throws IllegalStateException from its use, after {@link #close} of a cache outside the heap
     */
    public Tensor get(HookName name) {
        Tensor activation = activations.get(name);
        if (activation == null) {
            throw new IllegalArgumentException("hook " + name + ": not among the " + activations.size() + " kept ("
                    + capture.filter() + ")");
        }
        return activation;
    }

    /**
     * An activation of all layers, {@code [L, ...]}, such as {@code stacked("resid_post")}; a copy on the heap.
     *
     * @throws IllegalArgumentException when the run did not keep it in some layer
     */
    public Tensor stacked(String activation) {
        int numLayers = hooks.config().numLayers();
        long[] shape = get(activation, 0).shape();
        long[] stackedShape = LongStream.concat(LongStream.of(numLayers), Arrays.stream(shape)).toArray();
        Tensor stacked = Tensor.of(
                new float[Math.toIntExact(Arrays.stream(stackedShape).reduce(1, Math::multiplyExact))], stackedShape);
        for (int layer = 0; layer < numLayers; layer++) {
            long[] one = stackedShape.clone();
            one[0] = 1;
            stacked.narrow(0, layer, layer + 1L).copyFrom(get(activation, layer).copy().reshape(one));
        }
        return stacked;
    }

    /** The hooks of the model that it was filled from. */
    public HookCatalog hooks() {
        return hooks;
    }

    /** Writes all activations to a safetensors file, F32 under their names. */
    public void save(Path file) throws IOException {
        save(file, Map.of());
    }

    /**
     * The same with metadata, such as prompt and model.
     *
     * @param metadata texts by name, for the header
     */
    public void save(Path file, Map<String, String> metadata) throws IOException {
        SafetensorsWriter writer = new SafetensorsWriter().withMetadata(metadata);
        activations.forEach((name, activation) -> writer.add(name.toString(), activation));
        writer.write(file);
    }

    /** Frees what lies outside the heap. */
    @Override
    public void close() {
        if (arena != null && arena.scope().isAlive()) {
            arena.close();
        }
    }

    @Override
    public String toString() {
        return "ActivationCache[" + activations.size() + " activations]";
    }
}
