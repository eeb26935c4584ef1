package io.github.pastkv.model;

import io.github.pastkv.cache.AttentionMask;
import io.github.pastkv.cache.DataType;
import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvStep;
import io.github.pastkv.cache.PoolExhaustedException;
import io.github.pastkv.cache.Tensor;
import io.github.pastkv.model.generation.BeamHypothesis;
import io.github.pastkv.model.generation.BeamOptions;
import io.github.pastkv.model.generation.BeamSearch;
import io.github.pastkv.model.generation.Generation;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.generation.Generator;
import io.github.pastkv.model.generation.TokenSource;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/**
 * A text (or a batch of texts) that a model is reading and writing: a {@link KvCache} joined to a {@link Model}. What
 * has been appended is never computed again.
 *
 * <p>The logits of a token are the same bits whatever the path: in one piece, in chunks or token by token; alone or in a
 * batch; with pads anywhere. While {@linkplain #freeze frozen}, an append sees what is stored and stores nothing.
 *
 * <p>For one thread at a time; different sessions of one model may run on different threads. Owns its cache unless one
 * was passed in.
 */
public final class Session implements AutoCloseable {
    private final Model model;
    private final KvCache cache;
    private final boolean ownsCache;
    private KvCache current; // the cache that appends go to: this session's, or one that stands in for a while
    private Arena logitsArena = Arena.ofShared();
    private Tensor logits;
    private int[] stepTokenIds = new int[16];
    private int[] wanted = new int[16];

    private Session(Model model, KvCache cache, boolean ownsCache) {
        this.model = model;
        this.cache = cache;
        this.ownsCache = ownsCache;
        this.current = cache;
        this.logits = Tensor.allocate(logitsArena, DataType.F32, cache.batchSize(), model.config().vocabSize());
    }

    static Session withOwnCache(Model model, SessionOptions options) {
        return new Session(model, new KvCache(options.cacheConfig(model.config())), true);
    }

    static Session over(Model model, KvCache cache) {
        if (!cache.config().shape().equals(model.config().toKvShape())) {
            throw new IllegalArgumentException(
                    "cache: " + cache.config().shape() + ", the model needs " + model.config().toKvShape());
        }
        if (cache.config().maxTokens() > model.config().maxSeqLen()) {
            throw new IllegalArgumentException("cache: maxTokens " + cache.config().maxTokens()
                    + ", the model's limit is " + model.config().maxSeqLen());
        }
        return new Session(model, cache, false);
    }

    public Model model() {
        return model;
    }

    /** The cache, which may be read while no append is under way. */
    public KvCache cache() {
        return cache;
    }

    /** Rows. */
    public int batchSize() {
        return cache.batchSize();
    }

    /** Slots so far, pads included. */
    public int size() {
        return cache.numSlots();
    }

    /** Real tokens of a row so far. */
    public int numTokens(int row) {
        return cache.numTokens(row);
    }

    /** Longest row, in tokens. */
    public int maxSeqLen() {
        return cache.config().maxTokens();
    }

    /**
     * Appends tokens to the only row.
     *
     * @return logits of each new token, F32 {@code [T, V]}, on the heap
     * @throws IllegalArgumentException for a token id outside the vocabulary or more tokens than fit
     * @throws PoolExhaustedException when the cache's limit in bytes is reached; nothing has changed
     */
    public Tensor append(int... tokenIds) {
        requireOneRow();
        Tensor all = append(new int[][] {tokenIds});
        return all.reshape(tokenIds.length, model.config().vocabSize());
    }

    /** {@link #append(int[][], AttentionMask)} with rows of equal length and no pads. */
    public Tensor append(int[][] tokenIds) {
        return append(tokenIds, AttentionMask.ones(batchSize(), tokenIds.length == 0 ? 0 : tokenIds[0].length));
    }

    /**
     * Appends slots to all rows. Where the mask is 0 the slot is a pad: its id counts for nothing, it takes no storage and
     * no position, and its logits are zeros.
     *
     * @param tokenIds {@code [B, N]}
     * @param mask {@code [B, N]} of these slots only
     * @return logits of each new slot, F32 {@code [B, N, V]}, on the heap
     */
    public Tensor append(int[][] tokenIds, AttentionMask mask) {
        appendForAll(tokenIds, mask);
        return spread(mask);
    }

    /** Logits of all real tokens, {@code [T, V]}, valid until the next append. */
    private Tensor appendForAll(int[][] tokenIds, AttentionMask mask) {
        int numReal = gatherTokens(tokenIds, mask);
        for (int token = 0; token < numReal; token++) {
            wanted[token] = token;
        }
        growLogits(numReal);
        run(mask, numReal);
        return logits;
    }

    /** Appends text to the only row, with the special tokens that the tokenizer adds when it is the first. */
    public Tensor append(String text) {
        return append(encode(text));
    }

    /** Ids of {@code text} as this session would append it. */
    public int[] encode(String text) {
        TextTokenizer tokenizer = model.tokenizer().orElseThrow(
                () -> new IllegalStateException("the model folder " + model.folder() + " has no tokenizer.json"));
        return tokenizer.encode(text, current.numSlots() == 0);
    }

    /** Generates after text appended to the only row; {@code listener} hears of it on this thread. */
    public Generation generate(String prompt, GenerationOptions options, GenerationListener listener) {
        requireOneRow();
        return generate(new int[][] {encode(prompt)}, options, listener);
    }

    /** {@link #generate(int[][], AttentionMask, GenerationOptions, GenerationListener)} with rows of any length. */
    public Generation generate(int[][] prompts, GenerationOptions options, GenerationListener listener) {
        int[] lengths = Arrays.stream(prompts).mapToInt(prompt -> prompt.length).toArray();
        int width = Arrays.stream(lengths).max().orElse(0);
        int[][] tokenIds = Arrays.stream(prompts).map(prompt -> Arrays.copyOf(prompt, width)).toArray(int[][]::new);
        return generate(tokenIds, AttentionMask.ofLengths(lengths), options, listener);
    }

    /**
     * Appends a prompt to each row and lets tokens follow it until each row has come to an end. The last token chosen in a
     * row is not appended. On a frozen session all of this happens on a fork that is dropped.
     *
     * @param tokenIds {@code [B, N]}
     * @param mask {@code [B, N]}; each row needs a real token at least
     * @throws IllegalArgumentException for a prompt longer than the context leaves room for
     * @throws PoolExhaustedException when the cache's limit in bytes is reached
     */
    public Generation generate(int[][] tokenIds, AttentionMask mask, GenerationOptions options,
            GenerationListener listener) {
        try (Detour _ = current.frozen() ? detourTo(current.fork()) : () -> {}) {
            return Generator.generate(new Tokens(), tokenIds, mask, model.tokenizer().orElse(null), options, listener);
        }
    }

    /**
     * Searches the best answers to a prompt for each row, on a fork that is dropped: the session stays as it is.
     *
     * @return for each row its answers, best first
     */
    public List<List<BeamHypothesis>> beamSearch(int[][] prompts, BeamOptions options) {
        int[] lengths = Arrays.stream(prompts).mapToInt(prompt -> prompt.length).toArray();
        AttentionMask mask = AttentionMask.ofLengths(lengths);
        int[][] tokenIds =
                Arrays.stream(prompts).map(prompt -> Arrays.copyOf(prompt, mask.numSlots())).toArray(int[][]::new);
        try (Detour _ = detourTo(current.fork())) {
            return BeamSearch.search(new Tokens(), tokenIds, mask, options);
        }
    }

    /** This session as generation sees it. */
    private final class Tokens implements TokenSource {
        @Override
        public int vocabSize() {
            return model.config().vocabSize();
        }

        @Override
        public int numTokens(int row) {
            return current.numTokens(row);
        }

        @Override
        public int maxSeqLen() {
            return current.config().maxTokens();
        }

        @Override
        public Tensor appendForLast(int[][] tokenIds, AttentionMask mask) {
            return Session.this.appendForLast(tokenIds, mask);
        }

        @Override
        public Tensor appendForAll(int[][] tokenIds, AttentionMask mask) {
            return Session.this.appendForAll(tokenIds, mask);
        }

        @Override
        public void truncateRow(int row, int numTokens) {
            current.truncateRow(row, numTokens);
        }

        @Override
        public void selectRows(int... rows) {
            current.selectRows(rows);
        }

        @Override
        public void repeatRows(int times) {
            current.repeatRows(times);
        }
    }

    private Tensor appendForLast(int[][] tokenIds, AttentionMask mask) {
        gatherTokens(tokenIds, mask);
        int numWanted = 0;
        int token = 0;
        for (int row = 0; row < mask.batchSize(); row++) {
            token += mask.numReal(row);
            if (mask.numReal(row) > 0) {
                wanted[numWanted++] = token - 1;
            }
        }
        growLogits(numWanted);
        run(mask, numWanted);
        return logits;
    }

    private int gatherTokens(int[][] tokenIds, AttentionMask mask) {
        requireShape(tokenIds, mask);
        int numReal = 0;
        for (int row = 0; row < tokenIds.length; row++) {
            numReal += mask.numReal(row);
        }
        if (stepTokenIds.length < numReal) {
            stepTokenIds = new int[numReal];
            wanted = new int[numReal];
        }
        int next = 0;
        for (int row = 0; row < tokenIds.length; row++) {
            for (int slot = 0; slot < mask.numSlots(); slot++) {
                if (mask.isReal(row, slot)) {
                    stepTokenIds[next++] = requireTokenId(tokenIds[row][slot], row, slot);
                }
            }
        }
        return numReal;
    }

    private void requireShape(int[][] tokenIds, AttentionMask mask) {
        if (tokenIds.length != current.batchSize() || mask.batchSize() != current.batchSize()) {
            throw new IllegalArgumentException("tokenIds: " + tokenIds.length + " rows, mask: " + mask.batchSize()
                    + " rows, the session has a batch of " + current.batchSize());
        }
        for (int row = 0; row < tokenIds.length; row++) {
            if (tokenIds[row].length != mask.numSlots()) {
                throw new IllegalArgumentException("tokenIds: row " + row + " has " + tokenIds[row].length
                        + " slots, the mask has " + mask.numSlots());
            }
        }
    }

    private int requireTokenId(int tokenId, int row, int slot) {
        if (tokenId < 0 || tokenId >= model.config().vocabSize()) {
            throw new IllegalArgumentException("tokenIds: " + tokenId + " at [" + row + ", " + slot
                    + "], the vocabulary has " + model.config().vocabSize());
        }
        return tokenId;
    }

    private void run(AttentionMask mask, int numWanted) {
        try (KvStep step = current.beginStep(mask)) {
            model.forwardPass().run(step, stepTokenIds, wanted, numWanted, logits);
            step.commit();
        }
    }

    /** The computed logits in their slots, zeros at pads. */
    private Tensor spread(AttentionMask mask) {
        int vocabSize = model.config().vocabSize();
        float[] slots = new float[Math.toIntExact((long) mask.batchSize() * mask.numSlots() * vocabSize)];
        MemorySegment target = MemorySegment.ofArray(slots);
        long rowBytes = (long) vocabSize * Float.BYTES;
        int token = 0;
        for (int row = 0; row < mask.batchSize(); row++) {
            for (int slot = 0; slot < mask.numSlots(); slot++) {
                if (mask.isReal(row, slot)) {
                    long slotIndex = (long) row * mask.numSlots() + slot;
                    MemorySegment.copy(logits.segment(), token++ * rowBytes, target, slotIndex * rowBytes, rowBytes);
                }
            }
        }
        return Tensor.of(slots, mask.batchSize(), mask.numSlots(), vocabSize);
    }

    private void growLogits(int numRows) {
        if (logits.shape(0) < numRows) {
            Arena larger = Arena.ofShared();
            logits = Tensor.allocate(larger, DataType.F32, numRows, model.config().vocabSize());
            logitsArena.close();
            logitsArena = larger;
        }
    }

    private void requireOneRow() {
        if (batchSize() != 1) {
            throw new IllegalStateException("this session has a batch of " + batchSize() + "; pass a row for each");
        }
    }

    /** Whether appends store nothing. */
    public boolean frozen() {
        return cache.frozen();
    }

    /** From now on appends see what is stored and store nothing. */
    public void freeze() {
        cache.freeze();
    }

    /** Appends store again. */
    public void unfreeze() {
        cache.unfreeze();
    }

    /** Forgets all tokens. */
    public void reset() {
        cache.reset();
    }

    /**
     * A session of its own that goes on from here: it shares what is stored, copies of each row at most one block, and is
     * not frozen. Either may be closed first.
     */
    public Session fork() {
        return new Session(model, cache.fork(), true);
    }

    /** Takes back the last {@code numTokens} tokens of every row. */
    public void rewind(int numTokens) {
        cache.rewind(numTokens);
    }

    /** Ends {@link Session#withoutCache}. */
    public interface Detour extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Until the result is closed, appends run as on an empty cache and store nothing; afterwards the cache is as it was
     * (torchtune's {@code disable_kv_cache}). Scopes nest.
     */
    public Detour withoutCache() {
        KvCache empty = new KvCache(cache.config());
        empty.freeze();
        return detourTo(empty);
    }

    /** Lets appends go to {@code standIn}, which is closed at the end. */
    private Detour detourTo(KvCache standIn) {
        KvCache before = current;
        current = standIn;
        return () -> {
            if (current == standIn) {
                current = before;
                standIn.close();
            }
        };
    }

    /** Frees the session's memory, and its cache unless that was passed in. Closing again does nothing. */
    @Override
    public void close() {
        if (logitsArena.scope().isAlive()) {
            logitsArena.close();
        }
        if (current != cache) {
            current.close();
        }
        if (ownsCache) {
            cache.close();
        }
    }
}
