package io.github.pastkv.springai.autoconfigure;

import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.springai.PastKvChatModel;
import io.github.pastkv.springai.PastKvChatStats;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.Objects;
import java.util.function.ToDoubleFunction;

/** Meters of a chat model: its tokens, running requests and cache. All have the tag {@code model}. */
public final class PastKvMeters implements MeterBinder {
    private final PastKvChatModel chatModel;
    private final Tags tags;

    /** Meters of {@code chatModel}; reads it whenever they are read. */
    public PastKvMeters(PastKvChatModel chatModel) {
        this.chatModel = Objects.requireNonNull(chatModel, "chatModel: null");
        this.tags = Tags.of("model", chatModel.name());
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        tokens(registry, "pastkv.prompt.tokens", "Tokens of prompts", PastKvChatStats::numPromptTokens);
        tokens(registry, "pastkv.cached.tokens", "Tokens of prompts that were found in the cache",
                PastKvChatStats::numCachedTokens);
        tokens(registry, "pastkv.completion.tokens", "Generated tokens", PastKvChatStats::numGeneratedTokens);
        FunctionCounter.builder("pastkv.preemptions", chatModel, each -> each.model().engineStats().numPreemptions())
                .description("Generations that gave up their memory and were recomputed").tags(tags)
                .register(registry);
        Gauge.builder("pastkv.requests.running", chatModel, each -> each.stats().numRunning())
                .description("Requests that run").tags(tags).register(registry);
        blocks(registry, "pastkv.cache.used", "Blocks of the cache that running requests hold",
                tags.and("state", "held"), each -> each.pool().heldBytes());
        blocks(registry, "pastkv.cache.used", "Blocks of cached prefixes that no request holds",
                tags.and("state", "cached"), each -> each.pool().cachedBytes());
        blocks(registry, "pastkv.cache.max", "Most blocks of the cache", tags,
                each -> each.pool().config().maxPoolBytes());
    }

    private void tokens(MeterRegistry registry, String name, String description,
            ToDoubleFunction<PastKvChatStats> value) {
        FunctionCounter.builder(name, chatModel, each -> value.applyAsDouble(each.stats()))
                .description(description).baseUnit("tokens").tags(tags).register(registry);
    }

    private void blocks(MeterRegistry registry, String name, String description, Tags blockTags,
            ToDoubleFunction<PastKvChatModel> bytes) {
        Gauge.builder(name, chatModel, each -> bytes.applyAsDouble(each) / blockBytes(each))
                .description(description).baseUnit("blocks").tags(blockTags).register(registry);
    }

    private static long blockBytes(PastKvChatModel chatModel) {
        KvCacheConfig config = chatModel.pool().config();
        return config.bytesPerToken() * config.blockSize();
    }
}
