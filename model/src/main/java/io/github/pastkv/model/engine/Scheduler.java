package io.github.pastkv.model.engine;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Chooses what each pass computes, within a budget of tokens: a token for each decoding sequence first, then chunks of
 * the prompts that are waiting (chunked prefill), so that a long prompt delays the others by one pass at most.
 * Continuous batching at the level of iterations is that of Orca (Yu et al., OSDI 2022), chunked prefill that of
 * Sarathi (Agrawal et al. 2023).
 *
 * <p>Not safe for threads by itself: guarded by the engine's lock.
 */
final class Scheduler {
    /** From so many new tokens a row on, a step counts as prefill. */
    static final int MAX_DECODE_TOKENS = 16;

    private static final Comparator<StepRequest> ORDER =
            Comparator.comparingInt((StepRequest request) -> -request.group.priority())
                    .thenComparing(request -> !request.isDecode() && !request.runsAlone());

    private final int maxBatchTokens;
    private final List<StepRequest> requests = new ArrayList<>(); // in order of arrival, but for the order above
    private final List<StepRequest> batch = new ArrayList<>();

    Scheduler(int maxBatchTokens) {
        this.maxBatchTokens = maxBatchTokens;
    }

    void add(StepRequest request) {
        requests.add(request);
    }

    void remove(StepRequest request) {
        requests.remove(request);
    }

    void wakeAll() {
        requests.forEach(request -> request.changed.signal());
    }

    /** The request that the next pass begins with, or null. */
    @Nullable
    StepRequest first() {
        requests.sort(ORDER); // stable: arrival decides between equals
        return requests.isEmpty() ? null : requests.getFirst();
    }

    /** The requests of the next pass, each with its share of the budget; valid until the next call. */
    List<StepRequest> schedule() {
        batch.clear();
        StepRequest first = first();
        if (first != null && first.runsAlone()) {
            first.schedule(first.numTokensLeft());
            batch.add(first);
            return batch;
        }
        int budget = maxBatchTokens;
        for (int i = 0; i < requests.size() && budget > 0; i++) {
            StepRequest request = requests.get(i);
            if (!request.runsAlone()) {
                request.schedule(Math.min(budget, request.numTokensLeft()));
                budget -= request.numScheduled();
                batch.add(request);
            }
        }
        return batch;
    }
}
