package io.github.pastkv.model;

import io.github.pastkv.cache.AttentionMask;
import io.github.pastkv.cache.DataType;
import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvStep;
import io.github.pastkv.cache.PoolExhaustedException;
import io.github.pastkv.cache.Tensor;
import io.github.pastkv.model.generation.Generation;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.generation.Generator;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

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
    /** The longest array that every JVM can make. */
    private static final int MAX_ARRAY_LENGTH = Integer.MAX_VALUE - 8;

    private final Model model;
    private final KvCache cache;
    private final boolean ownsCache;
    private @Nullable KvCache detour;
    private boolean closed;
    private Arena logitsArena = Arena.ofShared();
    private Tensor logits;
    private int[] stepTokenIds = new int[16];
    private int[] wanted = new int[16];

    private Session(Model model, KvCache cache, boolean ownsCache) {
        this.model = model;
        this.cache = cache;
        this.ownsCache = ownsCache;
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
        return openCache().numSlots();
    }

    /** Real tokens of a row so far. */
    public int numTokens(int row) {
        return openCache().numTokens(row);
    }

    /** Longest row, in tokens. */
    public int maxSeqLen() {
        return cache.config().maxTokens();
    }

    /**
     * Appends tokens to the only row.
     *
     * @return logits of each new token, F32 {@code [T, V]}, on the heap
     * @throws IllegalArgumentException for a token id outside the vocabulary, more tokens than fit, or more logits than an
     *         array holds; nothing has changed
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
        int numReal = gatherTokens(tokenIds, mask);
        for (int token = 0; token < numReal; token++) {
            wanted[token] = token;
        }
        try (KvStep step = target().beginStep(mask)) {
            Tensor slots = zeroLogits(mask); // before the step is taken over, as there may be no memory for them
            run(step, numReal);
            spread(mask, slots);
            commit(step);
            return slots;
        }
    }

    /** Appends text to the only row, with the special tokens that the tokenizer adds when it is the first. */
    public Tensor append(String text) {
        return append(encode(text));
    }

    /** Ids of {@code text} as this session would append it. */
    public int[] encode(String text) {
        TextTokenizer tokenizer = model.tokenizer().orElseThrow(
                () -> new IllegalStateException("the model folder " + model.folder() + " has no tokenizer.json"));
        return tokenizer.encode(text, target().numSlots() == 0);
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
     * row is not appended.
     *
     * @param tokenIds {@code [B, N]}
     * @param mask {@code [B, N]}; each row needs a real token at least
     * @throws IllegalArgumentException for a prompt longer than the context leaves room for
     * @throws IllegalStateException while appends store nothing, as a token could not see the one before it
     * @throws PoolExhaustedException when the cache's limit in bytes is reached
     */
    public Generation generate(int[][] tokenIds, AttentionMask mask, GenerationOptions options,
            GenerationListener listener) {
        gatherTokens(tokenIds, mask); // refuses what is no token or not of the right shape
        requireStoring();
        return Generator.generate(new LastLogits(), tokenIds, mask, model.config().vocabSize(),
                model.tokenizer().orElse(null), options, listener);
    }

    /** This session as the generator sees it. */
    private final class LastLogits implements Generator.Source {
        @Override
        public int numTokens(int row) {
            return Session.this.numTokens(row);
        }

        @Override
        public int maxSeqLen() {
            return Session.this.maxSeqLen();
        }

        @Override
        public Tensor appendForLast(int[][] tokenIds, AttentionMask mask) {
            return Session.this.appendForLast(tokenIds, mask);
        }
    }

    private Tensor appendForLast(int[][] tokenIds, AttentionMask mask) {
        gatherTokens(tokenIds, mask);
        int numWanted = 0;
        int token = 0;
        for (int row = 0; row < batchSize(); row++) {
            token += mask.numReal(row);
            if (mask.numReal(row) > 0) {
                wanted[numWanted++] = token - 1;
            }
        }
        try (KvStep step = target().beginStep(mask)) {
            run(step, numWanted);
            commit(step);
            return logits;
        }
    }

    private int gatherTokens(int[][] tokenIds, AttentionMask mask) {
        requireOpen();
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
        if (tokenIds.length != batchSize() || mask.batchSize() != batchSize()) {
            throw new IllegalArgumentException("tokenIds: " + tokenIds.length + " rows, mask: " + mask.batchSize()
                    + " rows, the session has a batch of " + batchSize());
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

    /** Where steps go now. */
    private KvCache target() {
        return detour == null ? openCache() : detour;
    }

    private void run(KvStep step, int numWanted) {
        growLogits(numWanted);
        model.forwardPass().run(step, stepTokenIds, wanted, numWanted, logits);
    }

    private void commit(KvStep step) {
        if (detour == null) {
            step.commit();
        }
    }

    private Tensor zeroLogits(AttentionMask mask) {
        int vocabSize = model.config().vocabSize();
        long count = (long) batchSize() * mask.numSlots() * vocabSize;
        if (count > MAX_ARRAY_LENGTH) {
            throw new IllegalArgumentException("tokenIds: [" + batchSize() + ", " + mask.numSlots()
                    + "] slots with logits of " + vocabSize
                    + " each are more than an array holds; append fewer at once");
        }
        return Tensor.of(new float[(int) count], batchSize(), mask.numSlots(), vocabSize);
    }

    /** Copies the computed logits to their slots. */
    private void spread(AttentionMask mask, Tensor slots) {
        int vocabSize = model.config().vocabSize();
        MemorySegment target = slots.segment();
        long rowBytes = (long) vocabSize * Float.BYTES;
        int token = 0;
        for (int row = 0; row < batchSize(); row++) {
            for (int slot = 0; slot < mask.numSlots(); slot++) {
                if (mask.isReal(row, slot)) {
                    long slotIndex = (long) row * mask.numSlots() + slot;
                    MemorySegment.copy(logits.segment(), token++ * rowBytes, target, slotIndex * rowBytes, rowBytes);
                }
            }
        }
    }

    private void growLogits(int numRows) {
        if (logits.shape(0) < numRows) {
            Arena larger = Arena.ofShared();
            logits = Tensor.allocate(larger, DataType.F32, numRows, model.config().vocabSize());
            logitsArena.close();
            logitsArena = larger;
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the session is closed");
        }
    }

    private KvCache openCache() {
        requireOpen();
        return cache;
    }

    private void requireStoring() {
        if (frozen() || detour != null) {
            throw new IllegalStateException("the session is " + (frozen() ? "frozen" : "without its cache")
                    + ": it stores nothing, and a token could not see the one before it");
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
        openCache().freeze();
    }

    /** Appends store again. */
    public void unfreeze() {
        openCache().unfreeze();
    }

    /** Forgets all tokens. */
    public void reset() {
        openCache().reset();
    }

    /** Ends {@link Session#withoutCache}. */
    public interface Detour extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Until the result is closed, appends run as on an empty cache and store nothing; afterwards the cache is as it was
     * (torchtune's {@code disable_kv_cache}). Scopes nest: an inner one changes nothing.
     */
    public Detour withoutCache() {
        requireOpen();
        if (detour != null) {
            return () -> {};
        }
        KvCache empty = new KvCache(cache.config());
        detour = empty;
        return () -> {
            if (detour == empty) {
                detour = null;
            }
            empty.close();
        };
    }

    /** Frees the session's memory, and its cache unless that was passed in. Closing again does nothing. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        logitsArena.close();
        if (detour != null) {
            detour.close();
        }
        if (ownsCache) {
            cache.close();
        }
    }
}
