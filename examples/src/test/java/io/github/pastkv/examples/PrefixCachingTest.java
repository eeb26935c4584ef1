package io.github.pastkv.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.KvCache;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PrefixCachingTest {
    @Test
    void requestsThatShareAPrefix_computeItOnce_withTheBitsOfRunsOfTheirOwn() {
        int[] first = new Random(3).ints(50, 0, AttentionEngine.VOCAB_SIZE).toArray();
        int[] second = first.clone();
        second[45] = (first[45] + 1) % AttentionEngine.VOCAB_SIZE;
        List<PrefixCaching.Answer> answers = new PrefixCaching().answer(List.of(first, second, first));
        assertThat(answers.stream().map(PrefixCaching.Answer::numComputed)).containsExactly(50L, 5L, 1L);
        assertThat(answers.get(0).logits()).containsExactly(alone(first));
        assertThat(answers.get(1).logits()).containsExactly(alone(second));
        assertThat(answers.get(2).logits()).isEqualTo(answers.get(0).logits());
    }

    private static Float[] alone(int[] tokenIds) {
        try (KvCache cache = new KvCache(AttentionEngine.cacheConfig(1))) {
            float[] logits = new AttentionEngine(7).append(cache, tokenIds)[0];
            Float[] boxed = new Float[logits.length];
            for (int i = 0; i < boxed.length; i++) {
                boxed[i] = logits[i];
            }
            return boxed;
        }
    }

    @Test
    void main_runs() {
        PrefixCaching.main(new String[0]);
    }
}
