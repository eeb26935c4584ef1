package io.github.pastkv.model.families.tensors;

/**
 * The names of the tensors of a layer's experts in one family.
 *
 * @param block name of the block within a layer, with the dot that follows
 * @param router the projection to router logits
 * @param correction numbers added to scores when experts are chosen, with the full name within the block
 * @param storage how experts are stored
 * @param gate an expert's gate, for {@link Storage#APART}
 * @param up an expert's up projection; for stacked experts gate and up as one
 * @param down an expert's down projection
 * @param shared the shared expert, whose projections have the names of a dense block; with the dot that follows
 * @param sharedGate the projection whose sigmoid multiplies the shared expert's output
 */
public record ExpertNames(String block, String router, String correction, Storage storage, String gate, String up,
        String down, String shared, String sharedGate) {
    /** How experts are stored. */
    public enum Storage {
        /** A weight for each projection of each expert, {@code [outputs, inputs]}. */
        APART,
        /** A tensor for each projection of all experts, {@code [X, outputs, inputs]}; all gates before all ups. */
        STACKED,
        /** A tensor for each projection of all experts, {@code [X, inputs, outputs]}; all gates before all ups. */
        STACKED_TRANSPOSED,
        /** As {@link #STACKED_TRANSPOSED}, with gates at even and ups at odd outputs, and biases beside them. */
        STACKED_INTERLEAVED
    }

    /** Qwen's names, which DeepSeek and others share. */
    public static final ExpertNames DEFAULT = new ExpertNames("mlp.", "gate", "gate.e_score_correction_bias",
            Storage.APART, "gate_proj", "up_proj", "down_proj", "shared_experts.", "shared_expert_gate");

    /** LongCat-Flash's names. */
    public static final ExpertNames LONGCAT =
            new ExpertNames("mlp.", "router.classifier", "router.e_score_correction_bias", Storage.APART, "gate_proj",
                    "up_proj", "down_proj", "", "");

    /** Mixtral's names. */
    public static final ExpertNames MIXTRAL =
            new ExpertNames("block_sparse_moe.", "gate", "", Storage.APART, "w1", "w3", "w2", "", "");

    public ExpertNames withCorrection(String newCorrection) {
        return new ExpertNames(block, router, newCorrection, storage, gate, up, down, shared, sharedGate);
    }

    public ExpertNames withShared(String newShared) {
        return new ExpertNames(block, router, correction, storage, gate, up, down, newShared, sharedGate);
    }
}
