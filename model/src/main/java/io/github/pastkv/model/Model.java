package io.github.pastkv.model;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.store.BlockStore;
import io.github.pastkv.kernels.Compute;
import io.github.pastkv.kernels.KernelsChoice;
import io.github.pastkv.kernels.weights.LinearPrecision;
import io.github.pastkv.model.config.GenerationConfig;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.engine.Engine;
import io.github.pastkv.model.engine.EngineStats;
import io.github.pastkv.model.engine.SequenceGroup;
import io.github.pastkv.model.family.ModelTensors;
import io.github.pastkv.model.files.Messages;
import io.github.pastkv.model.files.ModelFormatException;
import io.github.pastkv.model.files.ModelSource;
import io.github.pastkv.model.forward.ForwardPass;
import io.github.pastkv.model.forward.ModelWeights;
import io.github.pastkv.model.forward.RopeTables;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.hooks.HookCatalog;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import io.github.pastkv.store.CacheTiers;
import io.github.pastkv.store.TierStore;
import io.github.pastkv.store.TierUse;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A transformer read from a Hugging Face folder or a GGUF file, ready to run. It is stateless; the state of a text is
 * in a {@link Session}. Many sessions share one model, from any number of threads; their steps share forward passes.
 *
 * <p>Owns weights, threads and tokenizer until {@link #close}; sessions must be closed first.
 */
public final class Model implements AutoCloseable {
    private final ModelFolder folder;
    private final HookCatalog hooks;
    private final ModelOptions options;
    private final KernelsChoice kernels;
    private final LinearPrecision precision;
    private final Arena arena;
    private final ModelWeights weights;
    private final Engine engine;
    private final @Nullable TextTokenizer tokenizer;
    private final RopeTables ropeTables;
    private final @Nullable BlockStore store;
    private final SharedPools pools;
    private final AtomicBoolean hasWarned = new AtomicBoolean();

    private Model(ModelFolder folder, HookCatalog hooks, ModelOptions options, KernelsChoice kernels,
            LinearPrecision precision,
            Arena arena, ModelWeights weights, Engine engine, @Nullable TextTokenizer tokenizer,
            @Nullable BlockStore store) {
        this.folder = folder;
        this.hooks = hooks;
        this.options = options;
        this.kernels = kernels;
        this.precision = precision;
        this.arena = arena;
        this.weights = weights;
        this.engine = engine;
        this.tokenizer = tokenizer;
        this.ropeTables = new RopeTables(folder.config(), arena);
        this.store = store;
        this.pools = new SharedPools(folder, options, kernels, precision, ropeTables, store);
    }

    /** {@link #load(Path, ModelOptions)} with the defaults. */
    public static Model load(Path folder) throws IOException {
        return load(folder, ModelOptions.defaults());
    }

    /**
     * Reads a folder ({@code config.json}, the weights and, if present, {@code tokenizer.json} and
     * {@code generation_config.json}) or a GGUF file.
     *
     * @throws ModelFormatException when a file is missing, damaged, contradictory or of an unknown kind
     * @throws IllegalStateException if the requested kernels are not available
     */
    public static Model load(Path folder, ModelOptions options) throws IOException {
        Objects.requireNonNull(folder, "folder: null");
        Objects.requireNonNull(options, "options: null");
        Background<KernelsChoice> kernels = chooseInBackground(options.kernels());
        return load(ModelFolder.open(folder, options.allowedConfigKeys(), options.allowedTokenizers()), options,
                kernels::get);
    }

    /** Choosing kernels takes about as long as reading the configuration, so both run in parallel. */
    private static Background<KernelsChoice> chooseInBackground(@Nullable String name) {
        return Background.start("pastkv-kernels", () -> KernelsChoice.choose(name));
    }

    /** {@link #load(Path, ModelOptions)} with kernels chosen by the caller. */
    public static Model load(Path folder, ModelOptions options, KernelsChoice kernels) throws IOException {
        Objects.requireNonNull(folder, "folder: null");
        Objects.requireNonNull(options, "options: null");
        Objects.requireNonNull(kernels, "kernels: null");
        return load(ModelFolder.open(folder, options.allowedConfigKeys(), options.allowedTokenizers()), options,
                () -> kernels);
    }

    /** {@link #load(Path, ModelOptions)} from an open source. The model closes it, even if loading fails. */
    public static Model load(ModelSource source, ModelOptions options) throws IOException {
        Objects.requireNonNull(source, "source: null");
        Objects.requireNonNull(options, "options: null");
        Background<KernelsChoice> kernels = chooseInBackground(options.kernels());
        return load(ModelFolder.of(source, options.allowedConfigKeys()), options, kernels::get);
    }

    /** Kernels that may have to be waited for. */
    @FunctionalInterface
    private interface Chosen {
        KernelsChoice get() throws IOException;
    }

    private static Model load(ModelFolder files, ModelOptions options, Chosen chosen) throws IOException {
        Arena arena = Arena.ofShared();
        Background<Optional<TextTokenizer>> tokenizer = Background.start("pastkv-tokenizer",
                () -> options.loadsTokenizer() && files.hasTokenizer()
                        ? Optional.of(TextTokenizer.read(files.source()))
                        : Optional.empty());
        BlockStore store = options.blockStore();
        try {
            store = options.cacheTiers().isEmpty() ? store : CacheTiers.openAll(options.cacheTiers());
            FiniteWeights.require(files.tensors(), files.source().weights());
            KernelsChoice kernels = chosen.get();
            LinearPrecision precision = files.linearPrecision(options, kernels.kernels());
            ModelWeights weights = ModelWeights.pack(files.config(), files.tensors(),
                    new WeightPacker(kernels.kernels(), precision), arena);
            files.source().weights().requireWhole(); // or it has packed a mixture
            files.source().weights().unload();
            TextTokenizer readTokenizer = tokenizer.get().orElse(null);
            HookCatalog hooks = HookCatalog.of(files.config(), files.tensors());
            Engine engine = engine(hooks, files, weights, options, kernels);
            return new Model(files, hooks, options, kernels, precision, arena, weights, engine, readTokenizer, store);
        } catch (IOException | RuntimeException | Error e) { // not enough memory is an Error
            tokenizer.discard(read -> read.ifPresent(TextTokenizer::close));
            arena.close();
            if (store != null && !options.cacheTiers().isEmpty()) {
                store.close();
            }
            try (files) {
                if (e instanceof InternalError) { // thrown when a mapped file has been truncated
                    files.source().weights().requireWhole();
                }
            }
            throw e;
        }
    }

    private static void requireWhole(ModelFolder files) {
        try {
            files.source().weights().requireWhole();
        } catch (ModelFormatException e) {
            throw new IllegalStateException(e.getMessage(), e);
        }
    }

    private static Engine engine(HookCatalog hooks, ModelFolder files, ModelWeights weights,
            ModelOptions options, KernelsChoice kernels) {
        ModelConfig config = files.config();
        Compute compute = new Compute(kernels.kernels(), options.numThreads(), config.numHeads(),
                config.toKvShape());
        try {
            return new Engine(config, new ForwardPass(hooks, files.tensors(), weights, compute,
                    () -> requireWhole(files)),
                    options.maxBatchTokens());
        } catch (RuntimeException | Error e) {
            compute.close();
            throw e;
        }
    }

    public ModelConfig config() {
        return folder.config();
    }

    public GenerationConfig generationConfig() {
        return folder.generationConfig();
    }

    /**
     * The generation settings recommended by the model's authors, without a limit of new tokens. The first call logs
     * those that are not applied ({@link GenerationConfig#unapplied}), in one line.
     */
    public GenerationOptions generationOptions() {
        List<String> unapplied = generationConfig().unapplied();
        if (!unapplied.isEmpty() && hasWarned.compareAndSet(false, true)) {
            System.getLogger(Model.class.getName()).log(System.Logger.Level.WARNING, Messages.printable(
                    "generation_config.json of " + folder() + " sets what is not applied: "
                            + String.join(", ", unapplied)));
        }
        return GenerationOptions.of(generationConfig());
    }

    public ModelOptions options() {
        return options;
    }

    /** The kernels in use and why they were chosen. */
    public KernelsChoice kernels() {
        return kernels;
    }

    /** The precision of its linear layers. */
    public LinearPrecision linearPrecision() {
        return precision;
    }

    /** The numeric identity of kernels and precision: models with equal files and equal identity compute equal bits. */
    public String numericIdentity() {
        return kernels.kernels().numericIdentity() + " " + precision;
    }

    /** The source of the model; closed with the model. */
    public ModelSource source() {
        return folder.source();
    }

    /** The folder or file the model was read from. */
    public Path folder() {
        return folder.folder();
    }

    /** The tokenizer, if the folder has one and it was loaded. */
    public Optional<TextTokenizer> tokenizer() {
        return Optional.ofNullable(tokenizer);
    }

    /** The hook points of its forward pass, for a {@link io.github.pastkv.model.hooks.Probe}. */
    public HookCatalog hooks() {
        return hooks;
    }

    /** The weights as stored; views that are valid until the model is closed. */
    public ModelTensors tensors() {
        return folder.tensors();
    }

    /** Number of parameters. */
    public long numParameters() {
        return folder.tensors().numParameters();
    }

    /** Parameters without those of the experts that a token does not take. */
    public long numActiveParameters() {
        return folder.numActiveParameters();
    }

    /** Bytes of the packed weights that a step of {@code numTokens} reads at most: of experts, the chosen ones. */
    public long weightBytesRead(long numTokens) {
        return weights.bytesRead(numTokens);
    }

    /** Bytes of the packed weights. */
    public long packedBytes() {
        return weights.packedBytes();
    }

    /** Multiply-adds of all linear layers for {@code numTokens} tokens, of which {@code numLogits} need logits. */
    public long linearMultiplyAdds(long numTokens, long numLogits) {
        return weights.multiplyAdds(numTokens, numLogits);
    }

    /** A session of one row with an F32 cache. */
    public Session newSession() {
        return newSession(SessionOptions.defaults());
    }

    /**
     * A session with its own cache, which is closed with it. Unless the options disable it, the session shares cached
     * prefixes with other sessions of this model that have the same storage options (automatic prefix caching).
     */
    public Session newSession(SessionOptions sessionOptions) {
        requireOpen();
        Objects.requireNonNull(sessionOptions, "sessionOptions: null");
        return Session.owning(this, pools.openOne(sessionOptions), sessionOptions);
    }

    /**
     * A session over a cache that the caller owns; it continues after the tokens in the cache, and does not close it.
     *
     * @throws IllegalArgumentException if the cache has another shape than the model, or allows longer rows
     */
    public Session newSession(KvCache cache) {
        requireOpen();
        Objects.requireNonNull(cache, "cache: null");
        return Session.over(this, cache);
    }

    /**
     * A session that goes on where a saved one was, with the options that it had. The bits of its logits are those that
     * it would have computed then.
     *
     * @throws IOException naming the file, where it is damaged, or was saved with another model, other kernels, another
     *         layout or a salt
     */
    public Session openSession(Path file) throws IOException {
        Objects.requireNonNull(file, "file: null");
        return SavedSessions.openOne(this, file, null);
    }

    /**
     * {@link #openSession(Path)} with options given by the caller. Types, block size, window, RoPE lengths and salt
     * must be those of the saved session; limits may differ, and rows are those of the file.
     */
    public Session openSession(Path file, SessionOptions sessionOptions) throws IOException {
        Objects.requireNonNull(file, "file: null");
        Objects.requireNonNull(sessionOptions, "sessionOptions: null");
        return SavedSessions.openOne(this, file, sessionOptions);
    }

    /** What each cache tier did since the model was loaded, nearest first; empty without tiers. */
    public List<TierUse> tierUses() {
        return store instanceof TierStore tiers ? tiers.tierUses() : List.of();
    }

    /** The pools shared by sessions. */
    SharedPools pools() {
        return pools;
    }

    /** A group of sequences over the rows of a cache, perhaps its owner. */
    SequenceGroup newGroup(KvCache cache, boolean ownsCache) {
        return new SequenceGroup(engine, config(), cache, ropeTables.forLength(cache.config().maxTokens()),
                ownsCache);
    }

    /** Statistics of all sessions since the model was loaded. */
    public EngineStats engineStats() {
        return engine.stats();
    }

    /** Stops the threads and frees the weights. Closing again does nothing. */
    @Override
    public void close() {
        if (!arena.scope().isAlive()) {
            return;
        }
        engine.close();
        pools.close();
        if (store != null && !options.cacheTiers().isEmpty()) {
            store.close();
        }
        if (tokenizer != null) {
            tokenizer.close();
        }
        arena.close();
        folder.close();
    }

    void requireOpen() {
        if (!arena.scope().isAlive()) {
            throw new IllegalStateException("the model is closed");
        }
    }

    @Override
    public String toString() {
        return "Model[" + folder() + ", " + config().numLayers() + " layers, " + kernels.kernels().name() + "]";
    }
}
