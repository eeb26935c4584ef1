package io.github.pastkv.lens;

import io.github.pastkv.model.hooks.HookName;
import io.github.pastkv.model.hooks.StepSlots;

/**
 * Where a hook is called.
 *
 * @param name the hook
 * @param slots the step's slots and the absolute positions of their tokens
 */
public record HookContext(HookName name, StepSlots slots) {
    /**
     * The layer.
     *
     * @throws java.util.NoSuchElementException for a hook outside layers
     */
    public int layer() {
        return name.layer().getAsInt();
    }

    /** The new slot that holds a row's token of an absolute position; -1 where this step does not have it. */
    public int slotOf(int row, int position) {
        return slots.slotOf(row, position);
    }

    /** The absolute position of a new slot's token; -1 for a pad. */
    public int position(int row, int slot) {
        return slots.position(row, slot);
    }
}
