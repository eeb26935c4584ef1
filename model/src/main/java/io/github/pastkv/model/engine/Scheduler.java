package io.github.pastkv.model.engine;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Schedules each forward pass within a token budget: first a token for each decoding sequence, then chunks of waiting
 * prompts (chunked prefill), so that a long prompt delays the others by at most one pass, whose length {@link
 * PrefillBudget} limits. Prompts of equal priority follow in the order of their shares' computed tokens, then of their
 * arrival. Continuous batching follows Orca (Yu et al., OSDI 2022), chunked prefill Sarathi (Agrawal et al. 2023).
 *
 * <p>Not thread-safe; guarded by the engine's lock.
 */
final class Scheduler {
    /** Most new tokens per row of a decode step; a step with more counts as prefill. */
    static final int MAX_DECODE_TOKENS = 16;

    private static final Comparator<StepRequest> ORDER =
            Comparator.comparingInt((StepRequest request) -> -request.caller.priority())
                    .thenComparing(request -> !comesFirst(request))
                    .thenComparingLong(request -> comesFirst(request) ? 0 : request.shareTokens())
                    .thenComparingLong(request -> request.arrival);

    private final int maxBatchTokens;
    private final PrefillBudget prefillBudget = new PrefillBudget();
    private final List<StepRequest> requests = new ArrayList<>(); // sorted by ORDER by first()
    private final List<StepRequest> batch = new ArrayList<>();
    private long numArrived;

    Scheduler(int maxBatchTokens) {
        this.maxBatchTokens = maxBatchTokens;
    }

    void add(StepRequest request) {
        request.arrival = numArrived++;
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
        requests.forEach(StepRequest::readShare);
        requests.sort(ORDER);
        return requests.isEmpty() ? null : requests.getFirst();
    }

    private static boolean comesFirst(StepRequest request) {
        return request.isDecode() || request.runsAlone();
    }

    private static boolean decodes(StepRequest request) {
        return request.isDecode() && !request.runsAlone();
    }

    /** Takes the time of a pass over scheduled requests, from which later budgets follow. */
    void observe(List<StepRequest> pass, long nanos) {
        int numDecodes = 0;
        int numPrefill = 0;
        for (StepRequest request : pass) {
            if (decodes(request)) {
                numDecodes++;
            } else {
                numPrefill += request.numScheduled();
            }
        }
        prefillBudget.observe(numDecodes, numPrefill, nanos);
    }

    /**
     * The requests of the next pass, each with its share of the budget; valid until the next call.
     *
     * @param numBetweenSteps sequences that decode and whose next step is still to come
     */
    List<StepRequest> schedule(int numBetweenSteps) {
        batch.clear();
        StepRequest first = first();
        if (first != null && first.runsAlone()) {
            first.schedule(first.numTokensLeft());
            batch.add(first);
            return batch;
        }
        int budget = maxBatchTokens;
        long numDecodes = requests.stream().filter(Scheduler::decodes).count();
        int prefillLeft = prefillBudget.maxTokens(numDecodes, numBetweenSteps, requests.size() - numDecodes);
        for (int i = 0; i < requests.size() && budget > 0; i++) {
            StepRequest request = requests.get(i);
            int limit = request.isDecode() ? budget : Math.min(budget, prefillLeft);
            if (!request.runsAlone() && limit > 0) {
                request.schedule(Math.min(limit, request.numTokensLeft()));
                budget -= request.numScheduled();
                prefillLeft -= request.isDecode() ? 0 : request.numScheduled();
                batch.add(request);
            }
        }
        return batch;
    }
}
