package io.github.pastkv.model.forward;

import io.github.pastkv.cache.DataType;
import io.github.pastkv.cache.KvStep;
import io.github.pastkv.cache.Tensor;
import io.github.pastkv.kernels.Compute;
import io.github.pastkv.kernels.Compute.TokenRange;
import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.RotaryTable;
import io.github.pastkv.model.config.ModelConfig;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The transformer, from token ids to logits, for every family: what differs between families is in {@link ModelConfig}
 * and in which weights there are. Read {@link #pass} from top to bottom.
 *
 * <p>A step of more than {@code maxPassTokens} tokens runs in several passes over the weights; no bit of a result depends
 * on where they part. One step at a time; steps of concurrent sessions take turns. Owns its buffers until
 * {@link #close}; a step allocates nothing once they have grown.
 */
public final class ForwardPass implements AutoCloseable {
    private static final int FIRST_WORKSPACE_TOKENS = 16;

    private final ModelConfig config;
    private final ModelWeights weights;
    private final @Nullable RotaryTable rotary;
    private final Compute compute;
    private final Kernels kernels;
    private final int maxPassTokens;
    private Workspace space;

    // The operations on token ranges, made once; they read the fields below.
    private final TokenRange embed = this::embedTokens;
    private final TokenRange attentionNorm;
    private final TokenRange rotateAndStore = this::rotateAndStoreTokens;
    private final TokenRange ffnNorm;
    private final TokenRange activate = this::activateTokens;
    private final TokenRange addToStream;

    private KvStep step;
    private int[] tokenIds;
    private int firstToken;
    private int layer;

    /**
     * A forward pass over {@code weights}, which it does not own.
     *
     * @param rotary the rotary table, or null where positions are learned
     * @param compute kernels and threads, owned from now on
     * @param maxPassTokens most tokens that go through the weights together
     */
    @SuppressWarnings("NullAway.Init") // step and tokenIds are the arguments of the run under way
    public ForwardPass(ModelConfig config, ModelWeights weights, @Nullable RotaryTable rotary, Compute compute,
            int maxPassTokens) {
        this.config = config;
        this.weights = weights;
        this.rotary = rotary;
        this.compute = compute;
        this.kernels = compute.kernels();
        this.maxPassTokens = maxPassTokens;
        this.space = new Workspace(config, Math.min(FIRST_WORKSPACE_TOKENS, maxPassTokens));
        this.attentionNorm = (from, to) -> kernels.normalise(layerWeights().attentionNorm(), space.hidden,
                space.normed, from, to);
        this.ffnNorm = (from, to) -> kernels.normalise(layerWeights().ffnNorm(), space.hidden, space.normed, from, to);
        this.addToStream = (from, to) -> kernels.add(space.hidden, space.normed, config.hiddenSize(), from, to);
    }

    /**
     * Runs all tokens of a step and writes their keys and values into it; the caller commits.
     *
     * @param newStep the step, just begun
     * @param newTokenIds id of each token of the step, {@code [T]}
     * @param wanted tokens of the step whose logits are wanted, ascending, {@code [n]}
     * @param numWanted how many of {@code wanted} count
     * @param logits F32 {@code [n, V]}, filled in the order of {@code wanted}
     */
    public synchronized void run(KvStep newStep, int[] newTokenIds, int[] wanted, int numWanted, Tensor logits) {
        step = newStep;
        tokenIds = newTokenIds;
        int numDone = 0;
        for (int from = 0; from < step.numTokens(); from += maxPassTokens) {
            int to = Math.min(from + maxPassTokens, step.numTokens());
            growWorkspace(to - from);
            numDone = pass(from, to, wanted, numDone, numWanted, logits);
        }
    }

    /** Tokens {@code [from, to)} of the step: embedding, layers, logits of those wanted. Returns how many are done. */
    private int pass(int from, int to, int[] wanted, int numDone, int numWanted, Tensor logits) {
        firstToken = from;
        int numTokens = to - from;
        findPositions(numTokens);
        compute.forTokens(numTokens, config.hiddenSize(), embed); // hidden [n, E]
        for (layer = 0; layer < config.numLayers(); layer++) {
            attentionBlock(numTokens);
            ffnBlock(numTokens);
        }
        int lastWanted = numDone;
        while (lastWanted < numWanted && wanted[lastWanted] < to) {
            lastWanted++;
        }
        if (lastWanted > numDone) {
            head(wanted, numDone, lastWanted, logits);
        }
        return lastWanted;
    }

    private void attentionBlock(int numTokens) {
        LayerWeights w = layerWeights();
        int keyWidth = config.numKvHeads() * config.headDim();
        compute.forTokens(numTokens, config.hiddenSize(), attentionNorm); // normed [n, E]
        compute.linear(space.normed, w.qkv(), space.qkv, numTokens); // [n, (H + 2K) * D]
        compute.forTokens(numTokens, 2 * keyWidth, rotateAndStore);
        compute.attention(step, layer, config.attentionScale(layer), space.queries, space.attention, firstToken,
                firstToken + numTokens); // [n, H * D]
        compute.linear(space.attention, w.attentionOut(), space.normed, numTokens); // [n, E]
        compute.forTokens(numTokens, config.hiddenSize(), addToStream);
    }

    private void ffnBlock(int numTokens) {
        LayerWeights w = layerWeights();
        compute.forTokens(numTokens, config.hiddenSize(), ffnNorm); // normed [n, E]
        compute.linear(space.normed, w.ffnUp(), space.ffn, numTokens); // [n, F] or [n, 2F]
        compute.forTokens(numTokens, config.ffnSize(), activate); // ffnGate [n, F]
        compute.linear(space.ffnGate, w.ffnDown(), space.normed, numTokens); // [n, E]
        compute.forTokens(numTokens, config.hiddenSize(), addToStream);
    }

    /** Final norm and head of tokens {@code wanted[from, to)}, whose hidden states are moved to the front first. */
    private void head(int[] wanted, int from, int to, Tensor logits) {
        long rowBytes = (long) config.hiddenSize() * Float.BYTES;
        MemorySegment hidden = space.hidden.segment();
        for (int i = from; i < to; i++) {
            MemorySegment.copy(hidden, (wanted[i] - firstToken) * rowBytes, hidden, (i - from) * rowBytes, rowBytes);
        }
        kernels.normalise(weights.finalNorm(), space.hidden, space.normed, 0, to - from);
        Tensor target = from == 0 ? logits : logits.narrow(0, from, to);
        compute.linear(space.normed, weights.head(), target, to - from); // [n, V]
    }

    private LayerWeights layerWeights() {
        return weights.layers().get(layer);
    }

    private void findPositions(int numTokens) {
        int lastPosition = 0;
        for (int i = 0; i < numTokens; i++) {
            int token = firstToken + i;
            space.positions[i] = step.position(step.rowOf(token), token);
            lastPosition = Math.max(lastPosition, space.positions[i]);
        }
        if (rotary != null) {
            rotary.prepare(lastPosition + 1);
        }
    }

    private void embedTokens(int from, int to) {
        Tensor positionEmbedding = weights.positionEmbedding();
        for (int i = from; i < to; i++) {
            copyRow(weights.embedding(), tokenIds[firstToken + i], i);
            if (positionEmbedding != null) {
                addRow(positionEmbedding, space.positions[i], i);
            }
        }
    }

    private void copyRow(Tensor table, int row, int target) {
        DataType type = table.dataType();
        int width = config.hiddenSize();
        for (int i = 0; i < width; i++) {
            float number = type.read(table.segment(), ((long) row * width + i) * type.bytes());
            DataType.F32.write(space.hidden.segment(), ((long) target * width + i) * Float.BYTES, number);
        }
    }

    private void addRow(Tensor table, int row, int target) {
        DataType type = table.dataType();
        int width = config.hiddenSize();
        for (int i = 0; i < width; i++) {
            float number = type.read(table.segment(), ((long) row * width + i) * type.bytes());
            long offset = ((long) target * width + i) * Float.BYTES;
            float sum = DataType.F32.read(space.hidden.segment(), offset) + number;
            DataType.F32.write(space.hidden.segment(), offset, sum);
        }
    }

    private void rotateAndStoreTokens(int from, int to) {
        if (rotary != null) {
            kernels.rotate(space.queries, config.numHeads(), config.headDim(), rotary, space.positions, from, to);
            kernels.rotate(space.keys, config.numKvHeads(), config.headDim(), rotary, space.positions, from, to);
        }
        step.write(layer, space.keys, space.values, firstToken, from, to);
    }

    private void activateTokens(int from, int to) {
        if (config.gatedFfn()) {
            kernels.gate(config.activation(), space.ffnGate, space.ffnUp, config.ffnSize(), from, to);
        } else {
            kernels.activate(config.activation(), space.ffnGate, config.ffnSize(), from, to);
        }
    }

    private void growWorkspace(int numTokens) {
        if (space.maxTokens < numTokens) {
            int maxTokens = Math.min(maxPassTokens, Math.max(numTokens, 2 * space.maxTokens));
            Workspace grown = new Workspace(config, maxTokens);
            space.close();
            space = grown;
        }
    }

    /** Frees the buffers and ends the threads. */
    @Override
    public synchronized void close() {
        compute.close();
        space.close();
    }
}
