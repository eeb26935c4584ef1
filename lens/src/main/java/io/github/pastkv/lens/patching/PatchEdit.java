package io.github.pastkv.lens.patching;

import io.github.pastkv.lens.Hook;
import io.github.pastkv.lens.HookContext;
import io.github.pastkv.model.hooks.HookName;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.model.hooks.StepSlots;
import io.github.pastkv.tensor.Tensor;
import java.util.List;

/** Patches a run: row i of the step gets the part of the source's activation given by cell i. */
final class PatchEdit {
    private final HookPoint point;
    private final int layer;
    private final Tensor source;
    private final List<PatchCell> cells;

    private PatchEdit(HookPoint point, int layer, PatchSource source, List<PatchCell> cells) {
        this.point = point;
        this.layer = layer;
        this.source = source.at(HookName.of(point, layer));
        this.cells = cells;
    }

    /** Hooks that put what cells say into the points of a layer. */
    static Hook[] hooks(List<HookPoint> points, int layer, PatchSource source, List<PatchCell> cells) {
        return points.stream().map(point -> new PatchEdit(point, layer, source, cells).hook()).toArray(Hook[]::new);
    }

    private Hook hook() {
        return Hook.edit(HookName.of(point, layer), this::edit).withoutCopy();
    }

    private void edit(Tensor activation, HookContext context) {
        for (int row = 0; row < cells.size(); row++) {
            PatchCell cell = cells.get(row);
            Tensor rowActivation = activation.narrow(0, row, row + 1L);
            int from = Math.max(cell.position(), context.slots().pastLength(row));
            int to = cell.position() == PatchCell.ALL ? context.slots().kvLength(row) : cell.position() + 1;
            for (int position = from; position < to; position++) {
                if (point == HookPoint.PATTERN) {
                    editPattern(rowActivation, context.slots(), row, position);
                } else {
                    editRows(rowActivation, context.slots().slotOf(row, position), cell, position);
                }
            }
        }
    }

    /** {@code [1, N, E]} or {@code [1, N, heads, D]}. */
    private void editRows(Tensor rowActivation, int slot, PatchCell cell, int position) {
        Tensor target = rowActivation.narrow(1, slot, slot + 1L);
        Tensor from = source.narrow(1, position, position + 1L);
        if (cell.head() == PatchCell.ALL) {
            target.copyFrom(from);
        } else {
            target.narrow(2, cell.head(), cell.head() + 1L).copyFrom(from.narrow(2, cell.head(), cell.head() + 1L));
        }
    }

    /** {@code [1, H, N, P + N]}; the source's key slots are positions, as its prompt has no pads. */
    private void editPattern(Tensor rowActivation, StepSlots slots, int row, int position) {
        PatchCell cell = cells.get(row);
        Tensor target =
                head(rowActivation, cell).narrow(2, slots.slotOf(row, position), slots.slotOf(row, position) + 1L);
        Tensor from = head(source, cell).narrow(2, position, position + 1L);
        int firstKey = Math.max(cell.sourcePosition(), 0);
        int endKey = cell.sourcePosition() == PatchCell.ALL ? position + 1 : cell.sourcePosition() + 1;
        for (int key = firstKey; key < endKey; key++) {
            int keySlot = slots.keySlotOf(row, key);
            target.narrow(3, keySlot, keySlot + 1L).copyFrom(from.narrow(3, key, key + 1L));
        }
    }

    private static Tensor head(Tensor pattern, PatchCell cell) {
        return pattern.narrow(1, cell.head(), cell.head() + 1L);
    }
}
