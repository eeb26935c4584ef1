package io.github.pastkv.serve.run;

import io.github.pastkv.cache.prefix.PrefixExplanation;
import java.util.Arrays;
import java.util.List;

/**
 * What the prefix cache had for a prompt when it began to run.
 *
 * @param head its first tokens, at most {@link #MAX_HEAD_TOKENS}
 */
public record RecentPrompt(String model, String tenant, List<Integer> head, PrefixExplanation explanation) {
    static final int MAX_HEAD_TOKENS = 4096;

    public RecentPrompt {
        head = List.copyOf(head);
    }

    static RecentPrompt of(RunRequest request, int[] prompt, PrefixExplanation explanation) {
        List<Integer> head = Arrays.stream(prompt).limit(MAX_HEAD_TOKENS).boxed().toList();
        return new RecentPrompt(request.model().name(), request.tenant(), head, explanation);
    }
}
