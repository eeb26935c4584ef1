package io.github.pastkv.model.engine;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Schedules each forward pass within a token budget: first a token for each decoding sequence, then chunks of waiting
 * prompts (chunked prefill), so that a long prompt delays the others by at most one pass. Continuous batching follows
 * Orca (Yu et al., OSDI 2022), and chunked prefill follows Sarathi (Agrawal et al. 2023).
 *
 * <p>Not thread-safe; guarded by the engine's lock.
 */
final class Scheduler {
    /** Most new tokens per row of a decode step; a step with more counts as prefill. */
    static final int MAX_DECODE_TOKENS = 16;

    private static final Comparator<StepRequest> ORDER =
            Comparator.comparingInt((StepRequest request) -> -request.caller.priority())
                    .thenComparing(request -> !request.isDecode() && !request.runsAlone());

    private final int maxBatchTokens;
    private final List<StepRequest> requests = new ArrayList<>(); // sorted by ORDER, then by arrival
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

    /** The first request of the next pass, or null. */
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
