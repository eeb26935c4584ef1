package io.github.pastkv.model.forward;

import io.github.pastkv.cache.KvStep;
import io.github.pastkv.cache.KvWindow;
import io.github.pastkv.cache.Tensor;
import io.github.pastkv.kernels.Compute;
import io.github.pastkv.kernels.Compute.TokenRange;
import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.LinearWeights;
import io.github.pastkv.kernels.NormWeights;
import io.github.pastkv.kernels.RotaryTable;
import io.github.pastkv.kernels.ScoreForm;
import io.github.pastkv.model.config.ModelConfig;
import java.lang.foreign.MemorySegment;
import java.util.stream.IntStream;
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
    private final ScoreForm[] scoreForms;
    private final Compute compute;
    private final Kernels kernels;
    private final int maxPassTokens;
    private Workspace space;

    // The operations on token ranges, made once; they read the fields below.
    private final TokenRange embed = this::embedTokens;
    private final TokenRange finishEmbedding = this::finishEmbeddingOfTokens;
    private final TokenRange beforeAttention = this::normaliseBeforeAttention;
    private final TokenRange rotateAndStore = this::rotateAndStoreTokens;
    private final TokenRange afterAttention = this::finishAttentionOfTokens;
    private final TokenRange beforeFfn = this::normaliseBeforeFfn;
    private final TokenRange activate = this::activateTokens;
    private final TokenRange afterFfn = this::finishFfnOfTokens;

    private KvStep step;
    private LayerRotary rotary;
    private int[] tokenIds;
    private int firstToken;
    private int layer;

    /**
     * A forward pass over {@code weights}, which it does not own.
     *
     * @param compute kernels and threads, owned from now on
     * @param maxPassTokens most tokens that go through the weights together
     */
    @SuppressWarnings("NullAway.Init") // step, rotary and tokenIds are the arguments of the run under way
    public ForwardPass(ModelConfig config, ModelWeights weights, Compute compute, int maxPassTokens) {
        this.config = config;
        this.weights = weights;
        this.scoreForms = IntStream.range(0, config.numLayers()).mapToObj(i -> scoreForm(config, i))
                .toArray(ScoreForm[]::new);
        this.compute = compute;
        this.kernels = compute.kernels();
        this.maxPassTokens = maxPassTokens;
        this.space = new Workspace(config, Math.min(FIRST_WORKSPACE_TOKENS, maxPassTokens));
    }

    private static ScoreForm scoreForm(ModelConfig config, int layer) {
        ScoreForm scaled = ScoreForm.scaled(config.layer(layer).scoreScale())
                .withSoftCap(config.attention().scoreSoftCap()).withWindow(KvWindow.of(config.window(layer)));
        return config.attention().alibi() ? scaled.withAlibi(config.numHeads()) : scaled;
    }

    /**
     * Runs all tokens of a step and writes their keys and values into it; the caller commits.
     *
     * @param newStep the step, just begun
     * @param newTokenIds id of each token of the step, {@code [T]}
     * @param newRotary the rotary tables for the step's cache
     * @param wanted tokens of the step whose logits are wanted, ascending, {@code [n]}
     * @param numWanted how many of {@code wanted} count
     * @param logits F32 {@code [n, V]}, filled in the order of {@code wanted}
     */
    public synchronized void run(KvStep newStep, int[] newTokenIds, LayerRotary newRotary, int[] wanted, int numWanted,
            Tensor logits) {
        step = newStep;
        tokenIds = newTokenIds;
        rotary = newRotary;
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
        embedding(numTokens); // hidden [n, E]
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

    private void embedding(int numTokens) {
        compute.forTokens(numTokens, config.embedding().width(), embed); // embedded [n, width]
        LinearWeights projection = weights.embedding().projection();
        if (projection != null) {
            compute.linear(space.embedded, projection, space.hidden, numTokens); // [n, E]
            compute.forTokens(numTokens, config.hiddenSize(), finishEmbedding); // hidden [n, E]
        }
    }

    private void attentionBlock(int numTokens) {
        LayerWeights w = layerWeights();
        int keyWidth = config.numKvHeads() * config.headDim();
        compute.forTokens(numTokens, config.hiddenSize(), beforeAttention); // normed [n, E]
        compute.linear(readBy(w.attentionNorms().before()), w.qkv(), space.qkv, numTokens); // [n, (H + 2K) * D]
        compute.forTokens(numTokens, 2 * keyWidth, rotateAndStore);
        compute.attention(step, layer, scoreForms[layer], space.queries, space.attention, firstToken,
                firstToken + numTokens); // [n, H * D]
        compute.linear(space.attention, w.attentionOut(), space.attentionOut, numTokens); // [n, E]
        compute.forTokens(numTokens, config.hiddenSize(), afterAttention);
    }

    private void ffnBlock(int numTokens) {
        LayerWeights w = layerWeights();
        compute.forTokens(numTokens, config.hiddenSize(), beforeFfn); // normed [n, E]
        compute.linear(readBy(w.ffnNorms().before()), w.ffnUp(), space.ffn, numTokens); // [n, F] or [n, 2F]
        compute.forTokens(numTokens, config.ffnSize(), activate); // ffnGate [n, F]
        compute.linear(space.ffnGate, w.ffnDown(), space.ffnOut, numTokens); // [n, E]
        compute.forTokens(numTokens, config.hiddenSize(), afterFfn);
    }

    /** Final norm and head of tokens {@code wanted[from, to)}, whose hidden states are moved to the front first. */
    private void head(int[] wanted, int from, int to, Tensor logits) {
        long rowBytes = (long) config.hiddenSize() * Float.BYTES;
        MemorySegment hidden = space.hidden.segment();
        for (int i = from; i < to; i++) {
            MemorySegment.copy(hidden, (wanted[i] - firstToken) * rowBytes, hidden, (i - from) * rowBytes, rowBytes);
        }
        int numTokens = to - from;
        Tensor target = from == 0 ? logits : logits.narrow(0, from, to);
        NormWeights finalNorm = weights.finalNorm();
        normalise(finalNorm, space.hidden, space.normed, 0, numTokens);
        Tensor input = readBy(finalNorm); // [n, E]
        LinearWeights headIn = weights.headIn();
        if (headIn != null) {
            compute.linear(input, headIn, space.embedded, numTokens); // [n, width]
            input = space.embedded;
        }
        compute.linear(input, weights.head(), target, numTokens); // [n, V]
        if (config.head().softCap() != 0) {
            kernels.softCap(config.head().softCap(), target, config.vocabSize(), 0, numTokens);
        }
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
        rotary.prepare(lastPosition + 1);
    }

    private void embedTokens(int from, int to) {
        for (int i = from; i < to; i++) {
            EmbeddingRows.copy(weights.embedding().tokens(), tokenIds[firstToken + i], config.embedding().scale(),
                    space.embedded, i);
        }
        if (weights.embedding().projection() == null) {
            finishEmbeddingOfTokens(from, to);
        }
    }

    private void finishEmbeddingOfTokens(int from, int to) {
        Tensor positions = weights.embedding().positions();
        if (positions != null) {
            for (int i = from; i < to; i++) {
                EmbeddingRows.add(positions, config.embedding().firstPositionRow() + space.positions[i], space.hidden,
                        i);
            }
        }
        normalise(weights.embedding().norm(), space.hidden, space.hidden, from, to);
    }

    private void normaliseBeforeAttention(int from, int to) {
        normalise(layerWeights().attentionNorms().ofStream(), space.hidden, space.hidden, from, to);
        normalise(layerWeights().attentionNorms().before(), space.hidden, space.normed, from, to);
    }

    private void rotateAndStoreTokens(int from, int to) {
        normaliseHeads(layerWeights().queryNorm(), space.queries, space.queryHeads, from, to);
        normaliseHeads(layerWeights().keyNorm(), space.keys, space.keyHeads, from, to);
        RotaryTable table = rotary.of(layer);
        if (table != null) {
            kernels.rotate(space.queries, config.numHeads(), config.headDim(), table, space.positions, from, to);
            kernels.rotate(space.keys, config.numKvHeads(), config.headDim(), table, space.positions, from, to);
        }
        step.write(layer, space.keys, space.values, firstToken, from, to);
    }

    /** With a parallel residual the stream stays as it is until the feed-forward block has read it. */
    private void finishAttentionOfTokens(int from, int to) {
        normalise(layerWeights().attentionNorms().after(), space.attentionOut, space.attentionOut, from, to);
        if (!config.parallelResidual()) {
            kernels.add(space.hidden, space.attentionOut, config.hiddenSize(), from, to);
        }
    }

    private void normaliseBeforeFfn(int from, int to) {
        normalise(layerWeights().ffnNorms().ofStream(), space.hidden, space.hidden, from, to);
        normalise(layerWeights().ffnNorms().before(), space.hidden, space.normed, from, to);
    }

    private void activateTokens(int from, int to) {
        if (config.gatedFfn()) {
            kernels.gate(config.activation(), space.ffnGate, space.ffnUp, config.ffnSize(), from, to);
        } else {
            kernels.activate(config.activation(), space.ffnGate, config.ffnSize(), from, to);
        }
    }

    /** In either kind of residual, what attention adds comes first. */
    private void finishFfnOfTokens(int from, int to) {
        normalise(layerWeights().ffnNorms().after(), space.ffnOut, space.ffnOut, from, to);
        if (config.parallelResidual()) {
            kernels.add(space.hidden, space.attentionOut, config.hiddenSize(), from, to);
        }
        kernels.add(space.hidden, space.ffnOut, config.hiddenSize(), from, to);
    }

    /** What is read behind a norm that may not be there. */
    private Tensor readBy(@Nullable NormWeights norm) {
        return norm == null ? space.hidden : space.normed;
    }

    private void normalise(@Nullable NormWeights norm, Tensor x, Tensor y, int from, int to) {
        if (norm != null) {
            kernels.normalise(norm, x, y, from, to);
        }
    }

    /** Each head by itself where the norm is as wide as a head, else all together. */
    private void normaliseHeads(@Nullable NormWeights norm, Tensor all, Tensor[] heads, int from, int to) {
        if (norm == null) {
            return;
        }
        if (norm.hiddenSize() == all.shape(1)) {
            kernels.normalise(norm, all, all, from, to);
        } else {
            for (Tensor head : heads) {
                kernels.normalise(norm, head, head, from, to);
            }
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
