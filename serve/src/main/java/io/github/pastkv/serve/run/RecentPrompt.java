package io.github.pastkv.serve.run;

import io.github.pastkv.cache.prefix.PrefixExplanation;

/** What the prefix cache had for a prompt when it began to run. */
public record RecentPrompt(String model, String tenant, PrefixExplanation explanation) {}
