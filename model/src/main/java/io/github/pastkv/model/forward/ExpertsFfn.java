package io.github.pastkv.model.forward;

import io.github.pastkv.kernels.Compute.TokenRange;
import io.github.pastkv.model.config.ExpertsConfig;
import io.github.pastkv.model.hooks.HookPoint;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The experts of one layer. Tokens are gathered by expert, and each expert's projections run once over its tokens, so
 * that a pass reads the weights of chosen experts only, each once.
 *
 * <p>What a token gets is a function of the token alone: its experts follow from its logits ({@link ExpertChoice}); a
 * row of a linear layer has the same bits whatever the other rows are; and the outputs of its experts are added in
 * ascending order of expert, from 0, one fma of weight and output each, then the shared expert's. Where the weight
 * multiplies an expert's input, its output is added as it is.
 */
final class ExpertsFfn {
    private final PassContext context;
    private final DenseFfn ffn;
    private final @Nullable ExpertGroups groups;
    private final TokenRange choose = this::chooseForTokens;
    private final TokenRange gather = this::gatherTokens;
    private final TokenRange addOutputs = this::addOutputsOfExpert;
    private final TokenRange addHooked = this::addHookedOutputs;
    private final TokenRange gateShared = this::gateSharedOfTokens;
    private final TokenRange addShared = this::addSharedOfTokens;

    private FfnWeights.Experts weights;
    private ExpertsConfig config;
    private ExpertBuffers buffers;
    private Tensor x;
    private Tensor y;
    private int expert;
    private Tensor given; // [n, E]: what the expert gives
    private @Nullable Tensor hooked; // [n, k, E]: outputs of all experts, where a hook asks for them

    @SuppressWarnings("NullAway.Init") // arguments of the run under way
    ExpertsFfn(PassContext context, DenseFfn ffn) {
        this.context = context;
        this.ffn = ffn;
        ExpertsConfig experts = context.config.experts();
        this.groups = experts == null ? null : new ExpertGroups(experts.numExperts(), experts.numChosen());
    }

    /** Runs the experts of the current layer over the tokens of the pass: x to y, both {@code [n, E]}. */
    void run(Tensor input, FfnWeights.Experts layer, Tensor output) {
        weights = layer;
        config = layer.config();
        buffers = context.space.experts();
        x = input;
        y = output;
        route();
        runExperts();
        runShared();
    }

    private void route() {
        context.compute.linear(x, weights.router(), buffers.logits(), context.numTokens); // [n, X]
        context.runHooks(HookPoint.ROUTER_LOGITS, buffers.logits());
        context.forTokens(config.numExperts(), choose);
        if (context.hooks != null) {
            context.hooks.experts().choices(context.layer, buffers, config);
        }
    }

    private void chooseForTokens(int from, int to) {
        ExpertChoice choice = new ExpertChoice(config.router(), config.numExperts(), weights.correction());
        int k = config.numChosen();
        for (int token = from; token < to; token++) {
            choice.choose(buffers.logits(), token);
            for (int i = 0; i < k; i++) {
                buffers.chosen()[token * k + i] = choice.chosen(i);
                buffers.weights().set(choice.weight(i), token, i);
            }
        }
    }

    private void runExperts() {
        ExpertGroups byExpert = groups();
        byExpert.group(buffers.chosen(), context.numTokens);
        hooked = context.hooks == null ? null : context.hooks.experts().outputs(context.layer, config, y.shape(1));
        clear(y, context.numTokens);
        for (expert = 0; expert < config.numExperts(); expert++) {
            int size = byExpert.size(expert);
            if (size > 0) {
                context.compute.forTokens(size, context.config.hiddenSize(), gather);
                given = outputOfExpert(size);
                context.compute.forTokens(size, context.config.hiddenSize(), addOutputs);
            }
        }
        if (hooked != null && context.hooks != null) {
            context.hooks.experts().dispatchOutputs(context.layer, hooked);
            context.forTokens(context.config.hiddenSize() * config.numChosen(), addHooked);
        }
    }

    private ExpertGroups groups() {
        if (groups == null) {
            throw new IllegalStateException("the configuration has no experts");
        }
        return groups;
    }

    private static void clear(Tensor rows, int numTokens) {
        rows.segment().asSlice(0, numTokens * rows.shape(1) * Float.BYTES).fill((byte) 0);
    }

    /** An expert that is no block gives what it reads. */
    private Tensor outputOfExpert(int size) {
        if (expert >= config.numBlocks()) {
            return buffers.input();
        }
        ffn.run(buffers.input(), weights.experts().get(expert), buffers.inner(), buffers.output(), size);
        return buffers.output();
    }

    /** What the expert's tokens read, multiplied by their weights where the model says so. */
    private void gatherTokens(int from, int to) {
        for (int i = from; i < to; i++) {
            int token = groups().token(expert, i);
            copyRow(x, token, buffers.input(), i);
            if (config.router().scalesInput()) {
                float weight = buffers.weights().get(token, groups().place(expert, i));
                context.kernels.scale(weight, buffers.input(), context.config.hiddenSize(), i, i + 1);
            }
        }
    }

    private static void copyRow(Tensor from, long fromRow, Tensor to, long toRow) {
        long bytes = to.shape(1) * Float.BYTES;
        MemorySegment.copy(from.segment(), fromRow * bytes, to.segment(), toRow * bytes, bytes);
    }

    /** A token has each expert once, so that threads never add to the same row. */
    private void addOutputsOfExpert(int from, int to) {
        for (int i = from; i < to; i++) {
            int token = groups().token(expert, i);
            int place = groups().place(expert, i);
            if (hooked == null) {
                context.kernels.addScaled(factor(token, place), given, i, y, token,
                        context.config.hiddenSize());
            } else {
                copyRow(given, i, hooked, (long) token * config.numChosen() + place);
            }
        }
    }

    private float factor(int token, int place) {
        return config.router().scalesInput() ? 1f : buffers.weights().get(token, place);
    }

    /** The same sums in the same order, over what hooks have left. */
    private void addHookedOutputs(int from, int to) {
        int k = config.numChosen();
        for (int token = from; token < to; token++) {
            for (int next = 0; next < config.numExperts(); next++) {
                for (int place = 0; place < k; place++) {
                    if (hooked != null && buffers.chosen()[token * k + place] == next) {
                        context.kernels.addScaled(factor(token, place), hooked, token * k + place, y, token,
                                context.config.hiddenSize());
                    }
                }
            }
        }
    }

    private void runShared() {
        if (weights.shared() == null) {
            return;
        }
        ffn.run(x, weights.shared(), buffers.sharedInner(), buffers.output(), context.numTokens);
        if (weights.sharedGate() != null) {
            context.compute.linear(x, weights.sharedGate(), buffers.sharedGate(), context.numTokens);
            context.forTokens(context.config.hiddenSize(), gateShared);
        }
        context.runHooks(HookPoint.SHARED_EXPERT_OUT, buffers.output());
        context.forTokens(context.config.hiddenSize(), addShared);
    }

    private void gateSharedOfTokens(int from, int to) {
        for (int token = from; token < to; token++) {
            float gate = ExpertChoice.sigmoid(buffers.sharedGate().get(token, 0));
            context.kernels.scale(gate, buffers.output(), context.config.hiddenSize(), token, token + 1);
        }
    }

    private void addSharedOfTokens(int from, int to) {
        context.kernels.add(y, buffers.output(), context.config.hiddenSize(), from, to);
    }
}
