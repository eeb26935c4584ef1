package io.github.pastkv.lens.circuits;

import io.github.pastkv.lens.Hook;
import io.github.pastkv.lens.HookContext;
import io.github.pastkv.model.hooks.HookFilter;
import io.github.pastkv.model.hooks.HookName;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.tensor.Tensor;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * The removed edges of one run, with a mask for each row: the input of a receiver is the residual stream minus, for
 * each removed sender in order, the difference between its output in this run and in the corrupted run. The order is
 * fixed, so the bits are.
 */
final class EdgeEdits {
    private final CircuitGraph graph;
    private final int entryLayer;
    private final int hiddenSize;
    private final List<EdgeMask> rows;
    private final SenderOutputs corrupted;
    // [senders][n * E], what the clean run's outputs have over the corrupted run's
    private final float[][] cleanDifferences;
    private final float[][][] rowDifferences; // [senders][B][n * E], the same of this run, for layers that it runs
    private final boolean[] read; // [senders], whether some row has a removed edge from it

    EdgeEdits(CircuitGraph graph, int entryLayer, int hiddenSize, List<EdgeMask> rows, SenderOutputs corrupted,
            float[][] cleanDifferences) {
        this.graph = graph;
        this.entryLayer = entryLayer;
        this.hiddenSize = hiddenSize;
        this.rows = rows;
        this.corrupted = corrupted;
        this.cleanDifferences = cleanDifferences;
        this.rowDifferences = new float[graph.numSenders()][][];
        this.read = new boolean[graph.numSenders()];
        for (EdgeMask mask : rows) {
            for (int receiver = 0; receiver < graph.numReceivers(); receiver++) {
                mask.removedSenders(receiver).stream().forEach(sender -> read[sender] = true);
            }
        }
    }

    /** Observers of the senders that are read, and editors of the receivers with a removed edge. */
    Hook[] hooks() {
        List<Hook> hooks = new ArrayList<>();
        hooks.add(Hook.observe(HookFilter.where(this::isSenderOfRun), this::takeOutputs).withoutCopy());
        hooks.add(Hook.edit(HookFilter.where(this::hasRemoved), this::edit).withoutCopy());
        return hooks.toArray(Hook[]::new);
    }

    private boolean isSenderOfRun(HookName name) {
        if (name.point() != HookPoint.RESULT && name.point() != HookPoint.MLP_OUT) {
            return false;
        }
        int layer = name.layer().getAsInt();
        int mlp = graph.senderOfMlp(layer);
        if (name.point() == HookPoint.MLP_OUT) {
            return layer >= entryLayer && read[mlp];
        }
        boolean any = false;
        for (int head = graph.senderOfHead(layer, 0); head < mlp; head++) {
            any |= read[head];
        }
        return layer >= entryLayer && any;
    }

    private void takeOutputs(Tensor activation, HookContext context) {
        int layer = context.layer();
        float[] values = activation.toFloatArray();
        boolean isHeads = context.name().point() == HookPoint.RESULT;
        int numHeads = isHeads ? Math.toIntExact(activation.shape(2)) : 1;
        for (int head = 0; head < numHeads; head++) {
            int sender = isHeads ? graph.senderOfHead(layer, head) : graph.senderOfMlp(layer);
            if (read[sender]) {
                rowDifferences[sender] = differences(values, head, numHeads, corrupted.of(sender));
            }
        }
    }

    /** {@code [B][n * E]} of one head of {@code [B, n, heads, E]}. */
    private float[][] differences(float[] values, int head, int numHeads, float[] corruptedOutput) {
        float[][] differences = new float[rows.size()][corruptedOutput.length];
        int numTokens = corruptedOutput.length / hiddenSize;
        for (int row = 0; row < rows.size(); row++) {
            for (int token = 0; token < numTokens; token++) {
                int source = ((row * numTokens + token) * numHeads + head) * hiddenSize;
                for (int i = token * hiddenSize; i < (token + 1) * hiddenSize; i++, source++) {
                    differences[row][i] = values[source] - corruptedOutput[i];
                }
            }
        }
        return differences;
    }

    private boolean hasRemoved(HookName name) {
        int numReceivers = graph.numReceivers();
        for (int receiver = 0; receiver < numReceivers; receiver++) {
            int candidate = receiver;
            if (isAt(graph.receiver(receiver), name)
                    && rows.stream().anyMatch(mask -> !mask.removedSenders(candidate).isEmpty())) {
                return true;
            }
        }
        return false;
    }

    private static boolean isAt(Receiver receiver, HookName name) {
        boolean isInLayer = name.layer().isPresent() && name.layer().getAsInt() == receiver.layer();
        return switch (name.point()) {
            case Q_INPUT -> isInLayer && receiver.kind() == Receiver.Kind.QUERY;
            case K_INPUT -> isInLayer && receiver.kind() == Receiver.Kind.KEY;
            case V_INPUT -> isInLayer && receiver.kind() == Receiver.Kind.VALUE;
            case MLP_IN -> isInLayer && receiver.kind() == Receiver.Kind.MLP;
            case RESID_POST -> receiver.kind() == Receiver.Kind.OUTPUT
                    && name.layer().getAsInt() == receiver.layer() - 1;
            default -> false;
        };
    }

    private void edit(Tensor activation, HookContext context) {
        float[] values = activation.toFloatArray();
        int numHeads = activation.rank() == 4 ? Math.toIntExact(activation.shape(2)) : 1;
        for (int receiver = 0; receiver < graph.numReceivers(); receiver++) {
            Receiver reads = graph.receiver(receiver);
            if (isAt(reads, context.name())) {
                subtract(receiver, values, reads.head(), numHeads);
            }
        }
        activation.copyFrom(Tensor.of(values, activation.shape()));
    }

    /** Takes a receiver's removed edges out of what it reads, head {@code head} of {@code [B, n, heads, E]}. */
    void subtract(int receiver, float[] values, int head, int numHeads) {
        int numTokens = values.length / rows.size() / numHeads / hiddenSize;
        for (int row = 0; row < rows.size(); row++) {
            BitSet removed = rows.get(row).removedSenders(receiver);
            for (int sender = removed.nextSetBit(0); sender >= 0; sender = removed.nextSetBit(sender + 1)) {
                float[] difference =
                        rowDifferences[sender] == null ? cleanDifferences[sender] : rowDifferences[sender][row];
                for (int token = 0; token < numTokens; token++) {
                    int target = ((row * numTokens + token) * numHeads + head) * hiddenSize;
                    for (int i = token * hiddenSize; i < (token + 1) * hiddenSize; i++, target++) {
                        values[target] -= difference[i];
                    }
                }
            }
        }
    }
}
