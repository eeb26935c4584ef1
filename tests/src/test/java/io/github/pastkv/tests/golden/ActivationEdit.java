package io.github.pastkv.tests.golden;

import io.github.pastkv.lens.Hook;
import io.github.pastkv.tensor.Tensor;
import tools.jackson.databind.JsonNode;

/** An edit of a golden scenario: numbers of one slot, and perhaps one head, scaled, set or increased. */
final class ActivationEdit {
    private final String edit;
    private final float value;
    private final int slot;
    private final JsonNode head;

    private ActivationEdit(JsonNode edit) {
        this.edit = edit.required("edit").asString();
        this.value = (float) edit.required("value").asDouble();
        this.slot = edit.required("pos").asInt();
        this.head = edit.required("head");
    }

    /** The hook that makes the edit. */
    static Hook hook(JsonNode edit) {
        ActivationEdit made = new ActivationEdit(edit);
        return Hook.edit(edit.required("hook").asString(), (activation, _) -> made.apply(activation));
    }

    private void apply(Tensor activation) {
        Tensor atSlot = activation.narrow(1, slot, slot + 1L);
        Tensor part = head.isNull() ? atSlot : atSlot.narrow(2, head.asInt(), head.asInt() + 1L);
        float[] numbers = part.toFloatArray();
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = switch (edit) {
                case "scale" -> numbers[i] * value;
                case "set" -> value;
                case "add" -> numbers[i] + value;
                default -> throw new IllegalArgumentException("unknown edit " + edit);
            };
        }
        part.copyFrom(Tensor.of(numbers, part.shape()));
    }
}
