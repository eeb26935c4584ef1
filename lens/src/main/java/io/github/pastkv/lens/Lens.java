package io.github.pastkv.lens;

import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.engine.StepInput;
import io.github.pastkv.model.generation.Generation;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.hooks.HookCatalog;
import io.github.pastkv.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * Runs a model with hooks that read and edit activations, over all or part of its layers, and computes losses and
 * {@link ActivationCache}s. A run starts afresh or continues a {@link Session}, which may be frozen or forked.
 *
 * <p>Hooks belong to a lens, never to the model, so two lenses of one model are independent. Hooks added with
 * {@link #add} act in every run until they are closed; hooks given to a run act in that run, after those. Hooks that
 * only read do not change a bit of the run.
 *
 * <p>For one thread at a time. Holds no memory.
 */
public final class Lens {
    private final Model model;
    private final HookCatalog hooks;
    private final List<HookHandle> handles = new ArrayList<>();

    /** A lens over a model, without hooks. */
    public Lens(Model model) {
        this.model = Objects.requireNonNull(model, "model: null");
        this.hooks = model.hooks();
    }

    public Model model() {
        return model;
    }

    /** The hooks that the model has. */
    public HookCatalog hooks() {
        return hooks;
    }

    /** Hooks that stay until this is closed. */
    public final class HookHandle implements AutoCloseable {
        private final List<Hook> registered;

        private HookHandle(List<Hook> registered) {
            this.registered = registered;
        }

        @Override
        public void close() {
            handles.remove(this);
        }
    }

    /**
     * Adds hooks that act in all runs until the result is closed, or {@link #removeAll}: temporarily with
     * try-with-resources, or permanently by ignoring the result.
     *
     * @throws IllegalArgumentException for a hook that the model lacks
     */
    public HookHandle add(Hook... newHooks) {
        HookHandle handle = new HookHandle(List.of(newHooks));
        for (Hook hook : newHooks) {
            hook.filter().in(hooks);
        }
        handles.add(handle);
        return handle;
    }

    /** Removes all added hooks. */
    public void removeAll() {
        handles.clear();
    }

    /** Token ids of a text at the start of a session. */
    public int[] encode(String text) {
        Objects.requireNonNull(text, "text: null");
        return model.tokenizer()
                .orElseThrow(() -> new IllegalStateException("the model folder " + model.folder()
                        + " has no tokenizer.json"))
                .encode(text, true);
    }

    /**
     * The first position of a token in a text (TransformerLens' {@code get_token_position}).
     *
     * @param token a text of one token, including its leading space
     * @throws IllegalArgumentException when it is not one token, or not in the text
     */
    public int positionOf(String text, String token) {
        int id = TokenLabels.singleToken(model, token);
        int[] ids = encode(text);
        for (int position = 0; position < ids.length; position++) {
            if (ids[position] == id) {
                return position;
            }
        }
        throw new IllegalArgumentException("token: '" + token + "' is not among the " + ids.length + " of the text");
    }

    /** Runs on an empty cache and stores nothing. */
    public LensRun run(StepInput input, Hook... runHooks) {
        try (Session session = freshSession(input)) {
            return run(session, input, runHooks);
        }
    }

    /** Runs a text on an empty cache. */
    public LensRun run(String text, Hook... runHooks) {
        return run(StepInput.tokens(encode(text)), runHooks);
    }

    /**
     * Runs after the tokens of a session. The session stores the new slots unless it is frozen, including edits at
     * {@code hook_k} and {@code hook_v}. If anything fails, also in a hook, the session does not change.
     *
     * @throws IllegalArgumentException for a hook that the model lacks, or a replacement of the wrong shape, which is
     *        named
     * @throws IllegalStateException for an input that enters after the first layer, on a session that is not frozen
     */
    public LensRun run(Session session, StepInput input, Hook... runHooks) {
        return new LensRun(input, withProbe(session, List.of(runHooks), () -> session.append(input)));
    }

    /** The residual stream before layer {@code stopAtLayer}, {@code [B, N, E]}, of a run on an empty cache. */
    public Tensor stream(StepInput input, int stopAtLayer, Hook... runHooks) {
        try (Session session = freshSession(input)) {
            session.freeze();
            return stream(session, input, stopAtLayer, runHooks);
        }
    }

    /**
     * Runs the layers before {@code stopAtLayer} after the tokens of a frozen session.
     *
     * @param stopAtLayer first layer that does not run; the number of layers for the stream after all of them; negative
     *        numbers count from the end
     * @return the residual stream, F32 {@code [B, N, E]} on the heap, zeros at pads
     * @throws IllegalStateException when the session is not frozen
     */
    public Tensor stream(Session session, StepInput input, int stopAtLayer, Hook... runHooks) {
        int stop = stopAtLayer < 0 ? stopAtLayer + model.config().numLayers() : stopAtLayer;
        return withProbe(session, List.of(runHooks), () -> session.residualBefore(input, stop));
    }

    /**
     * Runs after the tokens of a session, as {@link #run(Session, StepInput, Hook...)} does, and computes the logits of
     * each row's last token only.
     *
     * @return F32 {@code [B, V]}, valid until the next run of the session
     */
    public Tensor lastLogits(Session session, StepInput input, Hook... runHooks) {
        return withProbe(session, List.of(runHooks), () -> session.prefill(input));
    }

    /** Runs on an empty cache and keeps activations. */
    public CachedRun runWithCache(StepInput input, Capture capture, Hook... runHooks) {
        try (Session session = freshSession(input)) {
            return runWithCache(session, input, capture, runHooks);
        }
    }

    /** Runs a text on an empty cache and keeps activations. */
    public CachedRun runWithCache(String text, Capture capture, Hook... runHooks) {
        return runWithCache(StepInput.tokens(encode(text)), capture, runHooks);
    }

    /** Runs after the tokens of a session and keeps activations, after all hooks. */
    public CachedRun runWithCache(Session session, StepInput input, Capture capture, Hook... runHooks) {
        Objects.requireNonNull(capture, "capture: null");
        ActivationCache activations = new ActivationCache(hooks, capture);
        List<Hook> all = new ArrayList<>(List.of(runHooks));
        all.add(activations.hook());
        try {
            return new CachedRun(new LensRun(input, withProbe(session, all, () -> session.append(input))), activations);
        } catch (RuntimeException e) {
            activations.close();
            throw e;
        }
    }

    /**
     * {@link Session#generate(int[][], AttentionMask, GenerationOptions, GenerationListener)} with hooks at every step.
     */
    public Generation generate(Session session, int[][] tokenIds, AttentionMask mask, GenerationOptions options,
            Hook... runHooks) {
        return withProbe(session, List.of(runHooks),
                () -> session.generate(tokenIds, mask, options, GenerationListener.NONE));
    }

    /** Appends a prompt and generates, with hooks at every step. */
    public Generation generate(Session session, String prompt, GenerationOptions options, Hook... runHooks) {
        return withProbe(session, List.of(runHooks), () -> session.generate(prompt, options, GenerationListener.NONE));
    }

    private <T> T withProbe(Session session, List<Hook> runHooks, Supplier<T> run) {
        if (session.model() != model) {
            throw new IllegalArgumentException("session: belongs to another model than the lens");
        }
        List<Hook> all = new ArrayList<>();
        handles.forEach(handle -> all.addAll(handle.registered));
        all.addAll(runHooks);
        if (all.isEmpty()) {
            return run.get();
        }
        try (Session.Scope _ = session.withProbe(new LensProbe(hooks, all))) {
            return run.get();
        }
    }

    private static int longestRow(AttentionMask mask) {
        return IntStream.range(0, mask.batchSize()).map(mask::numReal).max().orElse(0);
    }

    private Session freshSession(StepInput input) {
        SessionOptions options = SessionOptions.defaults().withBatchSize(input.mask().batchSize())
                .withPrefixReuse(false);
        Session session = model.newSession(options.forTokens(model.config(), Math.max(1, longestRow(input.mask()))));
        if (input instanceof StepInput.Residual) {
            session.freeze();
        }
        return session;
    }

    @Override
    public String toString() {
        return "Lens[" + model + "]";
    }
}
