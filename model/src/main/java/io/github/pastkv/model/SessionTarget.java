package io.github.pastkv.model;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.layout.KvWindow;
import io.github.pastkv.model.config.ModelConfig;
import io.github.pastkv.model.engine.SequenceGroup;
import io.github.pastkv.model.generation.BeamHypothesis;
import io.github.pastkv.model.generation.BeamOptions;
import io.github.pastkv.model.generation.BeamSearch;
import io.github.pastkv.model.generation.Generation;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.generation.Generator;
import io.github.pastkv.model.hooks.Probe;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a session's steps and generations write to: its own cache, or an empty one that is frozen while the session is
 * used without its cache. A generation on a frozen cache runs on a fork that is then discarded.
 */
final class SessionTarget {
    private final @Nullable TextTokenizer tokenizer;
    private final Set<Integer> eosIds;
    private KvCache cache;
    private SequenceGroup group; // over the cache
    private @Nullable Probe probe;

    /**
     * The rows of {@code cache}.
     *
     * @param eosIds tokens that end a text
     */
    SessionTarget(@Nullable TextTokenizer tokenizer, Set<Integer> eosIds, KvCache cache, SequenceGroup group) {
        this.tokenizer = tokenizer;
        this.eosIds = eosIds;
        this.cache = cache;
        this.group = group;
    }

    /** Rejects a cache of another shape, with more tokens than the model can have, or with windows of other layers. */
    static void requireFitting(ModelConfig model, KvCacheConfig cache) {
        if (!cache.shape().equals(model.toKvShape())) {
            throw new IllegalArgumentException("cache: " + cache.shape() + ", the model needs " + model.toKvShape());
        }
        if (cache.maxTokens() > model.longestSeqLen()) {
            throw new IllegalArgumentException(
                    "cache: maxTokens " + cache.maxTokens() + ", the model's limit is " + model.longestSeqLen());
        }
        for (int layer = 0; layer < model.numLayers(); layer++) {
            // rejects windows of which neither is narrower
            KvWindow.of(model.window(layer)).narrower(cache.window(layer));
        }
    }

    KvCache cache() {
        return cache;
    }

    SequenceGroup group() {
        return group;
    }

    /** Passes the activations of all later steps to {@code newProbe}, until the result runs. */
    Runnable useProbe(Probe newProbe) {
        Probe before = probe;
        setProbe(newProbe);
        return () -> setProbe(before);
    }

    private void setProbe(@Nullable Probe newProbe) {
        probe = newProbe;
        group.setProbe(newProbe);
    }

    /** Uses another cache until the result runs, which closes {@code newGroup}. */
    Runnable useCache(KvCache newCache, SequenceGroup newGroup) {
        KvCache before = cache;
        SequenceGroup groupBefore = group;
        set(newCache, newGroup);
        return () -> {
            if (cache == newCache) {
                set(before, groupBefore);
            }
            newGroup.close();
        };
    }

    private void set(KvCache newCache, SequenceGroup newGroup) {
        cache = newCache;
        group = newGroup;
        group.setProbe(probe);
    }

    /** Generates after the prompt of each row, on a fork while the cache is frozen. */
    Generation generate(PaddedPrompts prompts, GenerationOptions options, GenerationListener listener) {
        return cache.frozen()
                ? onFork(fork -> generateOn(fork, prompts, options, listener))
                : generateOn(group, prompts, options, listener);
    }

    private Generation generateOn(SequenceGroup on, PaddedPrompts prompts, GenerationOptions options,
            GenerationListener listener) {
        on.beginGeneration(options);
        try {
            return Generator.generate(on, prompts.tokenIds(), prompts.mask(), tokenizer, withEos(options),
                    new LockingListener(cache, listener));
        } finally {
            on.endGeneration();
        }
    }

    /** {@link #generate} as the result is read; {@code onEnd} runs once, when it has been read or is closed. */
    TextStream stream(PaddedPrompts prompts, GenerationOptions options, Runnable onEnd) {
        if (!cache.frozen()) {
            return stream(group, prompts, options, onEnd);
        }
        SequenceGroup fork = group.fork();
        try {
            return stream(fork, prompts, options, () -> {
                try {
                    fork.close();
                } finally {
                    onEnd.run();
                }
            });
        } catch (RuntimeException | Error e) {
            fork.close();
            throw e;
        }
    }

    private TextStream stream(SequenceGroup on, PaddedPrompts prompts, GenerationOptions options,
            Runnable onClose) {
        return new TextStream(Objects.requireNonNull(tokenizer), on, cache, prompts.tokenIds(), prompts.mask(),
                withEos(options), onClose);
    }

    /** Searches on a fork; the best completions of each row come first. */
    List<List<BeamHypothesis>> beamSearch(PaddedPrompts prompts, BeamOptions options) {
        return onFork(fork -> BeamSearch.search(fork, prompts.tokenIds(), prompts.mask(), options));
    }

    private <T> T onFork(Function<SequenceGroup, T> call) {
        try (SequenceGroup fork = group.fork()) {
            fork.setProbe(probe);
            return call.apply(fork);
        }
    }

    /** Adds the model's end-of-text tokens, unless they are ignored. */
    private GenerationOptions withEos(GenerationOptions options) {
        if (!options.stopsAtEos()) {
            return options;
        }
        Set<Integer> stopTokens = new HashSet<>(options.stopTokens());
        stopTokens.addAll(eosIds);
        return options.withStopTokens(stopTokens);
    }
}
