package io.github.pastkv.lens.circuits;

import io.github.pastkv.lens.Hook;
import io.github.pastkv.lens.HookContext;
import io.github.pastkv.lens.Lens;
import io.github.pastkv.lens.LensRun;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.engine.StepInput;
import io.github.pastkv.model.hooks.HookFilter;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.tensor.Tensor;
import java.util.Set;

/**
 * The outputs of all senders in a run of one prompt, and the residual streams before its layers, from a position on.
 */
final class SenderOutputs {
    private static final Set<HookPoint> POINTS =
            Set.of(HookPoint.RESID_PRE, HookPoint.RESULT, HookPoint.MLP_OUT, HookPoint.RESID_POST);

    private final CircuitGraph graph;
    private final int from;
    private final int numLayers;
    private final float[][] outputs; // [senders][n * E]
    private final float[][] streams; // [layers + 1][n * E]
    private final float[] lastLogits; // [V]

    /** Runs a prompt, on a session that is empty. */
    SenderOutputs(CircuitGraph graph, Lens lens, Session session, int[] tokenIds, int from) {
        this.graph = graph;
        this.from = from;
        this.numLayers = lens.model().config().numLayers();
        this.outputs = new float[graph.numSenders()][];
        this.streams = new float[numLayers + 1][];
        LensRun run = lens.run(session, StepInput.tokens(tokenIds),
                Hook.observe(HookFilter.where(name -> POINTS.contains(name.point())), this::take).withoutCopy());
        this.lastLogits = run.lastLogits().toFloatArray();
    }

    private void take(Tensor activation, HookContext context) {
        int layer = context.layer();
        float[] values = activation.narrow(1, from, activation.shape(1)).toFloatArray();
        switch (context.name().point()) {
            case RESID_PRE -> {
                streams[layer] = values;
                if (layer == 0) {
                    outputs[0] = values;
                }
            }
            case RESULT -> {
                for (int head = 0; head < activation.shape(2); head++) {
                    outputs[graph.senderOfHead(layer, head)] = activation.narrow(1, from, activation.shape(1))
                            .narrow(2, head, head + 1L).toFloatArray();
                }
            }
            case MLP_OUT -> outputs[graph.senderOfMlp(layer)] = values;
            default -> streams[layer + 1] = values;
        }
    }

    /** A sender's output, {@code [n, E]}; not to be changed. */
    float[] of(int sender) {
        return outputs[sender];
    }

    /** The stream before a layer, or behind all, {@code [n, E]}; not to be changed. */
    float[] residualBefore(int layer) {
        return streams[layer];
    }

    /** Logits behind the last token, {@code [V]}; not to be changed. */
    float[] lastLogits() {
        return lastLogits;
    }
}
