package io.github.pastkv.cache;

import io.github.pastkv.cache.check.Require;
import io.github.pastkv.cache.layout.KvShape;

/**
 * How much a cache may hold. Limits reserve nothing.
 *
 * @param maxTokens longest row
 * @param maxPoolBytes most bytes of held blocks, over all layer groups and caches of the pool
 * @param maxRewindTokens how far back windowed layers can always be rewound; each keeps as many tokens beyond its window
 */
public record KvLimits(int maxTokens, long maxPoolBytes, int maxRewindTokens) {
    public KvLimits {
        Require.positive("maxTokens", maxTokens);
        Require.positive("maxPoolBytes", maxPoolBytes);
        if (maxRewindTokens < 0) {
            throw new IllegalArgumentException("maxRewindTokens: " + maxRewindTokens + ", must not be negative");
        }
    }
}
