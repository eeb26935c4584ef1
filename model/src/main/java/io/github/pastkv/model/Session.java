package io.github.pastkv.model;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvGraft;
import io.github.pastkv.cache.PoolExhaustedException;
import io.github.pastkv.cache.PrefixUse;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.cache.prefix.PrefixExplanation;
import io.github.pastkv.cache.prefix.PrefixIndex;
import io.github.pastkv.model.engine.Logits;
import io.github.pastkv.model.engine.SequenceGroup;
import io.github.pastkv.model.engine.StepInput;
import io.github.pastkv.model.forward.KeyShift;
import io.github.pastkv.model.generation.BeamHypothesis;
import io.github.pastkv.model.generation.BeamOptions;
import io.github.pastkv.model.generation.Generation;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.generation.RecordType;
import io.github.pastkv.model.hooks.Probe;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import io.github.pastkv.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The state of a text, or of a batch of texts: a {@link KvCache} for a {@link Model}. Appended tokens are not
 * computed again unless another session needed their memory; then with the same bits.
 *
 * <p>The logits of a token have the same bits on every path: in one step, in chunks or token by token; alone or in a
 * batch; with padding anywhere; on a fork, or after a rewind. While {@linkplain #freeze frozen}, an append reads the
 * stored tokens and stores nothing.
 *
 * <p>For one thread at a time; different sessions of one model may run on different threads. Owns its cache unless one
 * was passed in.
 */
public final class Session implements AutoCloseable {
    private final Model model;
    private final KvCache cache;
    private final @Nullable SessionOptions options; // null for a cache that was passed in
    private final SequenceGroup ownGroup;
    private final SessionLock lock = new SessionLock();
    private volatile @Nullable TextStream openStream;
    private final SessionTarget target;
    private int numReusedTokens;
    private boolean closed;

    private Session(Model model, KvCache cache, @Nullable SessionOptions options, boolean ownsCache) {
        this.model = model;
        this.cache = cache;
        this.options = options;
        this.ownGroup = model.newGroup(cache, ownsCache);
        this.target = new SessionTarget(model.tokenizer().orElse(null),
                Set.copyOf(model.generationConfig().eosIds()), cache, ownGroup);
    }

    static Session owning(Model model, KvCache cache, SessionOptions options) {
        return new Session(model, cache, options, true);
    }

    static Session over(Model model, KvCache cache) {
        SessionTarget.requireFitting(model.config(), cache.config());
        Session session = new Session(model, cache, null, false);
        session.ownGroup.setRead(); // its owner may read it at any time
        return session;
    }

    public Model model() {
        return model;
    }

    /**
     * The cache, which may be read while no append is under way. From the first call on, this session keeps its memory
     * between calls though others may need it; before, blocks of a session at rest may be released and computed again
     * when it goes on.
     */
    public KvCache cache() {
        if (!closed) {
            ownGroup.setRead();
        }
        return cache;
    }

    /** Rows. */
    public int batchSize() {
        return cache.batchSize();
    }

    /** Slots so far, including padding. */
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
     * @throws IllegalArgumentException for a token id outside the vocabulary, more tokens than fit, or more logits than
     *        an array holds; nothing has changed
     * @throws PoolExhaustedException when the cache's limit in bytes is reached; nothing has changed
     */
    public Tensor append(int... tokenIds) {
        requireOneRow();
        Objects.requireNonNull(tokenIds, "tokenIds: null");
        Tensor all = append(new int[][] {tokenIds});
        return all.reshape(tokenIds.length, model.config().vocabSize());
    }

    /**
     * Prefill: appends tokens to the only row and computes the logits of the last one. Prefixes cached by sessions of
     * this model are reused.
     *
     * @return logits after the last token, F32 {@code [V]}, on the heap
     */
    public Tensor prefill(int... tokenIds) {
        requireOneRow();
        Objects.requireNonNull(tokenIds, "tokenIds: null");
        if (tokenIds.length == 0) {
            throw new IllegalArgumentException("tokenIds: none, so there is no last one");
        }
        Tensor last = prefill(new int[][] {tokenIds}, AttentionMask.ones(1, tokenIds.length));
        return last.reshape(model.config().vocabSize());
    }

    /**
     * Prefill: appends slots to all rows and computes the logits of the last token of each. Prefixes cached by sessions
     * of this model are reused.
     *
     * @return logits after the last token of each row that has one in {@code mask}, F32 {@code [n, V]}, on the heap
     */
    public Tensor prefill(int[][] tokenIds, AttentionMask mask) {
        requireOpen();
        StepInput input = StepInput.tokens(tokenIds, mask);
        return lock.exclusively(() -> {
            Tensor last = target.group().forward(input, Logits.LAST, PrefixUse.REUSE);
            numReusedTokens = target.group().numReusedTokens();
            return Tensor.of(last.toFloatArray(), last.shape());
        });
    }

    /** Number of tokens that the last {@link #prefill} or the last generation reused from the prefix cache. */
    public int numReusedTokens() {
        return numReusedTokens;
    }

    /** The prefix index of this session's pool; empty if this session does not share. */
    public Optional<PrefixIndex> prefixIndex() {
        return cache.namespace().isEmpty() ? Optional.empty() : cache.pool().prefixIndex();
    }

    /**
     * How many of these tokens an empty row of this session would reuse, from where, and why not more. Asks cache
     * tiers, and may wait for them.
     *
     * @throws IllegalStateException if this session does not share
     */
    public PrefixExplanation explainPrefix(int... tokenIds) {
        return sharedIndex(tokenIds).explain(cache.namespace().orElseThrow(), tokenIds);
    }

    /** {@link #explainPrefix} without asking cache tiers, which may have more. */
    public PrefixExplanation explainPrefixInMemory(int... tokenIds) {
        return sharedIndex(tokenIds).explainInMemory(cache.namespace().orElseThrow(), tokenIds);
    }

    private PrefixIndex sharedIndex(int... tokenIds) {
        requireOpen();
        Objects.requireNonNull(tokenIds, "tokenIds: null");
        return prefixIndex().orElseThrow(() -> new IllegalStateException("this session does not share prefixes"));
    }

    /** {@link #append(int[][], AttentionMask)} with rows of equal length and no padding. */
    public Tensor append(int[][] tokenIds) {
        Objects.requireNonNull(tokenIds, "tokenIds: null");
        int numSlots = tokenIds.length == 0 ? 0 : Objects.requireNonNull(tokenIds[0], "tokenIds: row 0 is null").length;
        return append(tokenIds, AttentionMask.ones(batchSize(), numSlots));
    }

    /**
     * Appends slots to all rows. Where the mask is 0 the slot is padding: its id is ignored, it takes no storage and no
     * position, and its logits are zeros.
     *
     * @param tokenIds {@code [B, N]}
     * @param mask {@code [B, N]} of these slots only
     * @return logits of each new slot, F32 {@code [B, N, V]}, on the heap
     */
    public Tensor append(int[][] tokenIds, AttentionMask mask) {
        return append(StepInput.tokens(tokenIds, mask));
    }

    /**
     * Appends slots to all rows, from token ids, embeddings or a residual stream.
     *
     * @return logits of each new slot, F32 {@code [B, N, V]}, on the heap; zeros at padding
     * @throws IllegalStateException for a residual stream that enters after the first layer, unless the session is
     *        frozen, as the layers before it would hold fewer tokens than the others
     */
    public Tensor append(StepInput input) {
        requireOpen();
        StepChecks.requireEnterable(input, target.cache());
        return lock.exclusively(() -> target.group().forwardSlots(input, PrefixUse.STORE));
    }

    /**
     * Appends slots to all rows, as {@link #append(StepInput)} does, and computes the logits of each row's last token
     * only.
     *
     * @return F32 {@code [B, V]}, valid until the next step of this session
     * @throws IllegalArgumentException if a row has no token among the new slots; nothing has changed
     */
    public Tensor prefill(StepInput input) {
        requireOpen();
        StepChecks.requireEnterable(input, target.cache());
        StepChecks.requireLastTokens(input.mask());
        return lock.exclusively(() -> target.group().forward(input, Logits.LAST, null));
    }

    /**
     * Runs the layers before {@code stopAtLayer} on a frozen session, over the stored tokens.
     *
     * @param stopAtLayer first layer that does not run; the number of layers for the output of the last one
     * @return the residual stream of each new slot, F32 {@code [B, N, E]}, on the heap; zeros at padding
     * @throws IllegalStateException unless the session is frozen
     */
    public Tensor residualBefore(StepInput input, int stopAtLayer) {
        requireOpen();
        StepChecks.requireStop(input, stopAtLayer, model.config(), target.cache());
        return lock.exclusively(() -> target.group().residualBefore(input, stopAtLayer));
    }

    /**
     * Passes the activations of all steps of this session, including those of generation, to {@code newProbe} until the
     * result is closed. The probe of an inner scope replaces that of an outer one.
     */
    public Scope withProbe(Probe newProbe) {
        requireOpen();
        Objects.requireNonNull(newProbe, "newProbe: null");
        return target.useProbe(newProbe)::run;
    }

    /**
     * Appends text to the only row. The first text gets the special tokens of the tokenizer, such as {@code <s>}; later
     * texts continue it, so that pieces have the tokens of the joined text ({@link TextTokenizer} says when).
     */
    public Tensor append(String text) {
        return append(encode(text));
    }

    /** Ids of {@code text} as this session would append it. */
    public int[] encode(String text) {
        requireOpen();
        Objects.requireNonNull(text, "text: null");
        TextTokenizer tokenizer = model.tokenizer().orElseThrow(
                () -> new IllegalStateException("the model folder " + model.folder() + " has no tokenizer.json"));
        return target.cache().numSlots() == 0 ? tokenizer.encode(text, true) : tokenizer.encodeContinuation(text);
    }

    /**
     * Appends a prompt to the only row and generates with the settings recommended by the model's authors, until an
     * end-of-text token or a full context.
     */
    public Generation generate(String prompt) {
        return generate(prompt, model.generationOptions());
    }

    /** Appends a prompt to the only row and generates. */
    public Generation generate(String prompt, GenerationOptions options) {
        return generate(prompt, options, GenerationListener.NONE);
    }

    /** Appends a prompt to the only row and generates; {@code onText} receives each piece of text on this thread. */
    public Generation generate(String prompt, GenerationOptions options, Consumer<String> onText) {
        return generate(prompt, options, GenerationListener.ofText(onText));
    }

    /** Appends a prompt to the only row and generates; {@code listener} is called on this thread. */
    public Generation generate(String prompt, GenerationOptions options, GenerationListener listener) {
        requireOneRow();
        return generate(new int[][] {encode(prompt)}, options, listener);
    }

    /**
     * Appends a prompt and generates a value of a record type, with the settings recommended by the model's authors.
     * The answer is JSON within the type's schema, whatever the model; the prompt should ask for it.
     *
     * @throws IllegalArgumentException naming the component whose type is not supported, before anything runs
     * @throws IllegalStateException if the context is full before the answer ends
     */
    public <T extends Record> T generate(String prompt, Class<T> type) {
        return generate(prompt, RecordType.of(type), model.generationOptions());
    }

    /**
     * {@link #generate(String, Class)} with options, and with a type that may be used again.
     *
     * @throws IllegalStateException if the answer is cut before its end, by the limit of new tokens, say
     */
    public <T extends Record> T generate(String prompt, RecordType<T> type, GenerationOptions options) {
        return type.read(generate(prompt, type.constrain(options)));
    }

    /** {@link #stream(String, GenerationOptions)} with the model's own options. */
    public Stream<String> stream(String prompt) {
        return stream(prompt, model.generationOptions());
    }

    /**
     * Appends a prompt to the only row and generates lazily as the stream is read. The session is in use until the
     * stream is read to its end or closed, so close it; other calls are refused until then. Closing the session ends
     * the stream too.
     */
    public Stream<String> stream(String prompt, GenerationOptions options) {
        requireOneRow();
        Objects.requireNonNull(options, "options: null");
        if (options.numReturnSequences() != 1) {
            throw new IllegalArgumentException(
                    "numReturnSequences: " + options.numReturnSequences() + ", a stream has one answer");
        }
        PaddedPrompts prompts = PaddedPrompts.of(encode(prompt));
        TextStream stream = lock.untilReleased(release -> target.stream(prompts, options, () -> {
            openStream = null;
            release.run();
        }));
        openStream = stream;
        return stream.stream();
    }

    /** {@link #generate(int[][], AttentionMask, GenerationOptions, GenerationListener)} with rows of any length. */
    public Generation generate(int[][] prompts, GenerationOptions options, GenerationListener listener) {
        PaddedPrompts padded = PaddedPrompts.of(prompts);
        return generate(padded.tokenIds(), padded.mask(), options, listener);
    }

    /**
     * Appends a prompt to each row and generates until each row has finished. The last token of a row is not appended.
     * With several completions per prompt the session has that many rows afterward. A frozen session generates on a
     * fork that is then discarded.
     *
     * @param tokenIds {@code [B, N]}
     * @param mask {@code [B, N]}; each row needs a real token at least
     * @throws IllegalArgumentException for a prompt that does not fit into the context
     * @throws PoolExhaustedException when the cache's limit in bytes is reached
     */
    public Generation generate(int[][] tokenIds, AttentionMask mask, GenerationOptions options,
            GenerationListener listener) {
        requireOpen();
        Objects.requireNonNull(options, "options: null");
        Objects.requireNonNull(listener, "listener: null");
        StepInput.tokens(tokenIds, mask).pack(model.config(), batchSize()); // rejects bad input before anything else
        return lock.exclusively(() -> {
            Generation generation = target.generate(new PaddedPrompts(tokenIds, mask), options, listener);
            numReusedTokens = generation.numReusedTokens();
            return generation;
        });
    }

    /**
     * Beam search for the best completions of a prompt for each row, on a fork that is then discarded: the session does
     * not change.
     *
     * @return for each row its completions, best first
     */
    public List<List<BeamHypothesis>> beamSearch(int[][] prompts, BeamOptions options) {
        requireOpen();
        Objects.requireNonNull(options, "options: null");
        PaddedPrompts padded = PaddedPrompts.of(prompts);
        return lock.exclusively(() -> target.beamSearch(padded, options));
    }

    /** Whether appends store nothing. */
    public boolean frozen() {
        return openCache().frozen();
    }

    /** Freezes the session: later appends read the stored tokens and store nothing. */
    public void freeze() {
        lock.exclusively(() -> ownGroup.usePresent(() -> changed(openCache()::freeze)));
    }

    /** Lets later appends store again. */
    public void unfreeze() {
        lock.exclusively(() -> ownGroup.usePresent(() -> changed(openCache()::unfreeze)));
    }

    /** Removes all tokens. */
    public void reset() {
        lock.exclusively(() -> ownGroup.use(() -> changed(openCache()::reset)));
    }

    /**
     * A new session that continues from here. It shares the stored blocks, copies at most one block per row
     * (copy-on-write), and is not frozen. Either session may be closed first. Any number of threads may fork a session
     * that is not being changed.
     *
     * @throws IllegalStateException while a call of this session is running, on this thread or another
     */
    public Session fork() {
        lock.requireUnused();
        return new Session(model, ownGroup.use(openCache()::fork), options, true);
    }

    /**
     * Whether {@link #rewind} can drop this many tokens; without windows this is always possible up to the length of
     * the row.
     */
    public boolean canRewind(int numTokens) {
        return openCache().canRewind(numTokens);
    }

    /**
     * Drops the last {@code numTokens} tokens of every row.
     *
     * @throws IllegalArgumentException when {@link #canRewind} says no; nothing has changed
     */
    public void rewind(int numTokens) {
        lock.exclusively(() -> ownGroup.use(() -> changed(() -> openCache().rewind(numTokens))));
    }

    /**
     * Appends tokens {@code [fromToken, toToken)} of another session of this model (or of this one), as they are stored
     * there. Keys are re-rotated (RoPE) to their new positions; nothing is recomputed. The tokens keep the context in
     * which they were computed, so the result differs from appending them here. They and all tokens after them are
     * derived and never indexed.
     *
     * @throws IllegalArgumentException for a session of another model, missing tokens, or other positions with learned
     *        position embeddings; nothing has changed
     * @throws IllegalStateException while frozen: graft onto a fork
     */
    public void graft(Session source, int fromToken, int toToken) {
        requireOneRow();
        Objects.requireNonNull(source, "source: null");
        source.requireOneRow();
        if (source.model != model) {
            throw new IllegalArgumentException("source: a session of another model");
        }
        KvGraft.Tokens tokens = new KvGraft.Tokens(source.openCache(), 0, fromToken, toToken);
        try (KeyShift shift =
                new KeyShift(model.config(), model.kernels().kernels(), maxSeqLen(), fromToken, numTokens(0))) {
            lock.exclusively(() -> source.ownGroup.usePresent(() -> ownGroup.usePresent(
                    () -> changed(() -> KvGraft.appendTokens(openCache(), 0, tokens, shift)))));
        }
    }

    /**
     * Writes the state of this session to a file that {@link Model#openSession} reads, in this process or another: keys
     * and values as stored, token ids, padding, what is derived, and the frozen flag. The file is written whole or not
     * at all, with permissions 0600.
     *
     * @throws IllegalStateException for a session over a cache that was passed in
     */
    public void save(Path file) throws IOException {
        Objects.requireNonNull(file, "file: null");
        SavedSessions.write(file, List.of(this), Map.of());
    }

    /** The options that this session was opened with; empty for a session over a cache that was passed in. */
    Optional<SessionOptions> options() {
        return Optional.ofNullable(options);
    }

    /** Runs a call while nobody else uses this session, with its keys and values in memory. */
    <T> T withCache(Function<KvCache, T> call) {
        requireOpen();
        return lock.exclusively(() -> ownGroup.usePresent(() -> call.apply(cache)));
    }

    /** Ends {@link Session#withoutCache} or {@link Session#withProbe}. */
    public interface Scope extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Until the result is closed, appends run as on an empty cache and store nothing; afterward the cache is unchanged
     * (torchtune's {@code disable_kv_cache}). Scopes nest: an inner one changes nothing.
     */
    public Scope withoutCache() {
        requireOpen();
        if (target.cache() != cache) {
            return () -> {};
        }
        KvCache empty = new KvCache(cache.config());
        empty.freeze();
        return target.useCache(empty, model.newGroup(empty, true))::run;
    }

    private static boolean changed(Runnable change) {
        change.run();
        return true;
    }

    private void requireOpen() {
        openCache();
        model.requireOpen();
    }

    /** The cache, which can be read after its model is closed. */
    private KvCache openCache() {
        if (closed) {
            throw new IllegalStateException("the session is closed");
        }
        return cache;
    }

    private void requireOneRow() {
        if (batchSize() != 1) {
            throw new IllegalStateException("this session has a batch of " + batchSize() + "; pass a row for each");
        }
    }

    /** Frees the session's memory, and its cache unless that was passed in. Closing again does nothing. */
    @Override
    public void close() {
        TextStream stream = openStream;
        if (stream != null) {
            stream.closeWithSession();
        }
        if (!closed) {
            lock.exclusively(() -> changed(this::free));
        }
    }

    private void free() {
        closed = true;
        target.group().close();
        ownGroup.close();
    }

    @Override
    public String toString() {
        return closed
                ? "Session[closed]"
                : "Session[" + batchSize() + " rows, " + cache.numSlots() + " of " + maxSeqLen() + " slots"
                        + (cache.frozen() ? ", frozen]" : "]");
    }
}
