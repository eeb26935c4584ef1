package io.github.pastkv.lens;

import io.github.pastkv.model.hooks.HookCatalog;
import io.github.pastkv.model.hooks.HookName;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.model.hooks.Probe;
import io.github.pastkv.model.hooks.StepSlots;
import io.github.pastkv.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The hooks of a lens in order, looked up by name. Each hook gets the result of the previous one. */
final class LensProbe implements Probe {
    private final Map<HookName, List<Hook>> hooks = new HashMap<>();
    private final boolean edits;

    /**
     * A probe for these hooks.
     *
     * @throws IllegalArgumentException for a hook that the model lacks
     */
    LensProbe(HookCatalog model, List<Hook> all) {
        for (Hook hook : all) {
            for (HookName name : hook.filter().in(model)) {
                hooks.computeIfAbsent(name, _ -> new ArrayList<>()).add(hook);
            }
        }
        edits = all.stream().anyMatch(Hook::edits);
    }

    private List<Hook> at(HookPoint point, int layer) {
        HookName name = point.isInLayer() ? HookName.of(point, layer) : HookName.of(point);
        return hooks.getOrDefault(name, List.of());
    }

    @Override
    public boolean wants(HookPoint point, int layer) {
        return !at(point, layer).isEmpty();
    }

    @Override
    public boolean edits(HookPoint point, int layer) {
        return at(point, layer).stream().anyMatch(Hook::edits);
    }

    @Override
    public boolean edits() {
        return edits;
    }

    @Override
    public @Nullable Tensor visit(HookName name, Tensor activation, StepSlots slots) {
        HookContext context = new HookContext(name, slots);
        for (Hook hook : hooks.getOrDefault(name, List.of())) {
            Tensor own = hook.copies() ? activation.copy() : activation;
            Tensor given = hook.edits() ? own : own.asReadOnly();
            Tensor replacement = hook.call(given, context);
            Tensor result = replacement == null ? given : replacement;
            if (hook.edits() && result != activation) {
                requireSameShape(name, activation, result);
                // Copied at once: the next hook may write, and not into what belongs to the caller.
                boolean overlaps = result.segment().asOverlappingSlice(activation.segment()).isPresent();
                activation.copyFrom(overlaps ? result.copy() : result);
            }
        }
        return null;
    }

    private static void requireSameShape(HookName name, Tensor expected, Tensor given) {
        if (!Arrays.equals(expected.shape(), given.shape())) {
            throw new IllegalArgumentException("hook " + name + ": returned shape " + Arrays.toString(given.shape())
                    + ", expected " + Arrays.toString(expected.shape()));
        }
    }
}
