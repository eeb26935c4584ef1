package io.github.pastkv.model.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.mask.AttentionMask;
import io.github.pastkv.model.generation.ComputeShare;
import io.github.pastkv.model.generation.GenerationOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a pass holds. */
class SchedulerTest {
    private static final int MAX_BATCH_TOKENS = 64;
    private static final long MILLIS = 1_000_000;

    private final Scheduler scheduler = new Scheduler(MAX_BATCH_TOKENS);
    private final List<KvCache> caches = new ArrayList<>();

    @AfterEach
    void closeCaches() {
        caches.forEach(KvCache::close);
    }

    private StepRequest add(int numTokens, GenerationOptions options) {
        KvCache cache = new KvCache(KvCacheConfig.of(new KvShape(2, 3, 14), 1));
        caches.add(cache);
        Caller caller = new Caller();
        caller.begin(options);
        StepRequest request = new StepRequest(caller, cache.beginStep(AttentionMask.ones(1, numTokens)),
                new PackedInput(new int[numTokens], null, null, 0), null, null, new ReentrantLock().newCondition());
        scheduler.add(request);
        return request;
    }

    private static GenerationOptions of(ComputeShare share) {
        return GenerationOptions.greedy(1).withShare(share);
    }

    private void pass(long millis) {
        List<StepRequest> batch = scheduler.schedule(0);
        scheduler.observe(batch, millis * MILLIS);
        batch.forEach(StepRequest::advance);
        batch.stream().filter(StepRequest::isDone).toList().forEach(scheduler::remove);
    }

    @Test
    void prefills_takeTurnsByTokensComputedForTheirShares() {
        ComputeShare busy = new ComputeShare();
        ComputeShare other = new ComputeShare();
        StepRequest first = add(150, of(busy));
        pass(1);
        StepRequest second = add(100, of(other));
        pass(1);
        assertThat(first.numComputed).isEqualTo(64);
        assertThat(second.numComputed).isEqualTo(64);
        assertThat(busy.numTokens()).isEqualTo(64);
        pass(1); // both have 64: the first that came
        assertThat(first.numComputed).isEqualTo(128);
        pass(1);
        assertThat(second.numComputed).isEqualTo(100);
        assertThat(first.numComputed).isEqualTo(150);
    }

    @Test
    void priorities_comeBeforeShares() {
        ComputeShare busy = new ComputeShare();
        busy.add(1000);
        StepRequest low = add(100, of(new ComputeShare()));
        StepRequest high = add(100, of(busy).withPriority(1));
        pass(1);
        assertThat(high.numComputed).isEqualTo(64);
        assertThat(low.numComputed).isZero();
    }

    @Test
    void chunks_besideDecodingSequences_areAsLongAsTimeAllows() {
        decodeAlone();
        StepRequest prefill = add(30_000, of(new ComputeShare()));
        assertThat(longestPrefill()).isEqualTo(15);
        pass(1);
        pass(1);
        int before = prefill.numComputed;
        pass(1);
        assertThat(prefill.numComputed - before).as("with nothing to decode").isEqualTo(MAX_BATCH_TOKENS);
    }

    @Test
    void chunks_areLonger_whileMorePromptsWaitThanDecode() {
        decodeAlone();
        add(30_000, of(new ComputeShare()));
        add(30_000, of(new ComputeShare()));
        assertThat(longestPrefill()).as("all that has room beside the decode token").isEqualTo(MAX_BATCH_TOKENS - 1);
    }

    /** A decode step takes 10 ms. */
    private void decodeAlone() {
        for (int i = 0; i < 10; i++) {
            add(1, of(new ComputeShare()));
            pass(10);
        }
    }

    /** Most prefill tokens of passes that also decode one, of which each takes 1 ms more. */
    private int longestPrefill() {
        int longest = 0;
        for (int i = 0; i < 20; i++) {
            StepRequest decode = add(1, of(new ComputeShare()));
            List<StepRequest> batch = scheduler.schedule(0);
            assertThat(batch).contains(decode);
            int chunk = batch.stream().filter(request -> request != decode).mapToInt(StepRequest::numScheduled).sum();
            scheduler.observe(batch, (10 + chunk) * MILLIS);
            batch.forEach(StepRequest::advance);
            scheduler.remove(decode);
            assertThat(chunk).isPositive();
            longest = i < 2 ? 0 : Math.max(longest, chunk);
        }
        return longest;
    }
}
