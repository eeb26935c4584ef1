package io.github.pastkv.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.KvGraft;
import io.github.pastkv.cache.KvPool;
import io.github.pastkv.cache.layout.KvType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The promise, on an engine that is not PastKV's: the same bits on every path. */
class AttentionEngineTest {
    private static final int NUM_TOKENS = 90;
    private static final int[] TOKENS = new Random(1).ints(NUM_TOKENS, 0, AttentionEngine.VOCAB_SIZE).toArray();

    private final AttentionEngine engine = new AttentionEngine(7);

    private static int[] tokens(int from, int to) {
        return Arrays.copyOfRange(TOKENS, from, to);
    }

    private float[] oneRun(KvCacheConfig config, int[] tokenIds) {
        try (KvCache cache = new KvCache(config)) {
            return engine.append(cache, tokenIds)[0];
        }
    }

    @ParameterizedTest
    @CsvSource({"F32,16", "F32,1", "BF16,64", "F16,5", "Q8,16", "Q8,5"})
    void append_inAnyChunks_givesTheSameBits(KvType type, int blockSize) {
        KvCacheConfig config = AttentionEngine.cacheConfig(1).withKvType(type).withBlockSize(blockSize)
                .withMaxRewindTokens(4);
        float[] expected = oneRun(config, TOKENS);
        for (int chunk : new int[] {1, 7, 31}) {
            try (KvCache cache = new KvCache(config)) {
                float[] last = {};
                for (int from = 0; from < NUM_TOKENS; from += chunk) {
                    last = engine.append(cache, tokens(from, Math.min(from + chunk, NUM_TOKENS)))[0];
                }
                assertThat(last).isEqualTo(expected);
                cache.checkIntegrity();
            }
        }
    }

    @Test
    void frozenPrefix_isReadOnceAndGoneOnWithManyTimes() {
        KvCacheConfig config = AttentionEngine.cacheConfig(1);
        try (KvCache prefix = new KvCache(config)) {
            engine.append(prefix, tokens(0, 60));
            prefix.freeze();
            long heldBytes = prefix.pool().heldBytes();
            for (int length = 1; length < 20; length++) {
                float[] expected = oneRun(config, tokens(0, 60 + length));
                assertThat(engine.append(prefix, tokens(60, 60 + length))[0]).isEqualTo(expected);
                try (KvCache fork = prefix.fork()) {
                    engine.append(fork, tokens(60, 60 + length - 1));
                    assertThat(engine.append(fork, tokens(60 + length - 1, 60 + length))[0]).isEqualTo(expected);
                }
            }
            assertThat(prefix.pool().heldBytes()).isEqualTo(heldBytes);
        }
    }

    @Test
    void rewind_goesBackAsFarAsIsStated() {
        KvCacheConfig config = AttentionEngine.cacheConfig(1).withMaxRewindTokens(10);
        try (KvCache cache = new KvCache(config)) {
            engine.append(cache, tokens(0, 80));
            cache.rewind(10);
            assertThat(engine.append(cache, tokens(70, NUM_TOKENS))[0]).isEqualTo(oneRun(config, TOKENS));
            assertThat(cache.canRewind(11)).isFalse();
            assertThatIllegalArgumentException().isThrownBy(() -> cache.rewind(11)).withMessageContaining("window 12");
        }
    }

    @Test
    void rows_comeAndGo_withoutTouchingEachOther() {
        try (KvPool pool = new KvPool(AttentionEngine.cacheConfig(1)); KvCache batch = pool.newCache(2)) {
            engine.append(batch, tokens(0, 20), tokens(40, 45));
            try (KvCache newcomer = pool.newCache(1)) {
                engine.append(newcomer, tokens(10, 40));
                KvGraft.addRows(batch, newcomer, 0);
            }
            batch.selectRows(2, 0); // the second row has ended
            float[][] logits = engine.append(batch, tokens(40, 43), tokens(20, 21));
            assertThat(logits[0]).isEqualTo(oneRun(AttentionEngine.cacheConfig(1), tokens(10, 43)));
            assertThat(logits[1]).isEqualTo(oneRun(AttentionEngine.cacheConfig(1), tokens(0, 21)));
        }
    }

    @Test
    void generation_goesOnFromEachToken() {
        List<Integer> stepwise = new ArrayList<>();
        List<Integer> recomputed = new ArrayList<>();
        KvCacheConfig config = AttentionEngine.cacheConfig(1);
        try (KvCache cache = new KvCache(config)) {
            int next = best(engine.append(cache, tokens(0, 5))[0]);
            int[] all = tokens(0, 5);
            for (int i = 0; i < 30; i++) {
                stepwise.add(next);
                next = best(engine.append(cache, new int[] {next})[0]);
                recomputed.add(best(oneRun(config, all)));
                all = Arrays.copyOf(all, all.length + 1);
                all[all.length - 1] = recomputed.getLast();
            }
        }
        assertThat(stepwise).isEqualTo(recomputed);
    }

    private static int best(float[] logits) {
        int best = 0;
        for (int id = 1; id < logits.length; id++) {
            best = logits[id] > logits[best] ? id : best;
        }
        return best;
    }
}
