package io.github.pastkv.serve.run;

import org.jspecify.annotations.Nullable;

/**
 * A prompt that waits or runs, as it stands now.
 *
 * @param firstTokenSeconds from its arrival to its first token; null before that
 * @param ageSeconds since its arrival
 */
public record RunStatus(String model, String tenant, boolean isRunning, int numPromptTokens, int numTokens,
        @Nullable Double firstTokenSeconds, double ageSeconds) {}
