package io.github.pastkv.lens.patching;

/**
 * One patch: part of the activation of a hook point in one layer.
 *
 * @param layer the layer
 * @param position the position, or {@link #ALL}
 * @param head the head, or {@link #ALL}
 * @param sourcePosition the position attended to (patterns only), or {@link #ALL}
 */
record PatchCell(int layer, int position, int head, int sourcePosition) {
    /** Every index of an axis. */
    static final int ALL = -1;

    PatchCell inLayer(int newLayer) {
        return new PatchCell(newLayer, position, head, sourcePosition);
    }

    /**
     * The first position at which the run can differ from the base run, which agrees with the source before
     * {@code from}.
     */
    int firstAffected(int from) {
        return Math.max(position, from);
    }

    /** Whether it covers only what is the same in both runs. */
    boolean changesNothing(int from) {
        return position != ALL && position < from;
    }
}
