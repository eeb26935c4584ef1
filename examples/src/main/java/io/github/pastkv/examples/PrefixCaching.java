package io.github.pastkv.examples;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.cache.KvCacheConfig;
import io.github.pastkv.cache.KvPool;
import io.github.pastkv.cache.KvPoolOptions;
import io.github.pastkv.cache.prefix.PrefixNamespace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Automatic prefix caching: many requests that share a system prompt, each with a cache of its own from one pool. What
 * an earlier request computed is found by token ids, and the logits have the bits of a run without the index.
 */
public final class PrefixCaching {
    /** What one request gave and cost. */
    public record Answer(List<Float> logits, long numComputed) {}

    private final AttentionEngine engine = new AttentionEngine(7);
    // all that changes the bytes of keys and values belongs in the namespace: the weights, first of all
    private final PrefixNamespace namespace = PrefixNamespace.builder("example").with("weights", "seed 7").build();

    public static void main(String[] args) {
        int[] systemPrompt = new int[40];
        Arrays.setAll(systemPrompt, i -> i * 7 % AttentionEngine.VOCAB_SIZE);
        List<int[]> requests = new ArrayList<>();
        for (int user = 0; user < 3; user++) {
            int[] request = Arrays.copyOf(systemPrompt, 44);
            Arrays.fill(request, 40, 44, user);
            requests.add(request);
        }
        for (Answer answer : new PrefixCaching().answer(requests)) {
            System.out.println("computed " + answer.numComputed() + " of 44 tokens");
        }
    }

    /** Answers each request with the logits after its last token; all share a pool with an index. */
    public List<Answer> answer(List<int[]> requests) {
        KvCacheConfig config = AttentionEngine.cacheConfig(1);
        List<Answer> answers = new ArrayList<>();
        try (KvPool pool = new KvPool(config, KvPoolOptions.defaults().withPrefixIndex())) {
            for (int[] request : requests) {
                long reusedBefore = numReused(pool);
                try (KvCache cache = pool.newCache(config, namespace)) {
                    float[] logits = engine.append(cache, request)[0];
                    answers.add(new Answer(boxed(logits), request.length - (numReused(pool) - reusedBefore)));
                } // its blocks stay in the index until their room is needed
            }
        }
        return answers;
    }

    private static long numReused(KvPool pool) {
        return pool.prefixIndex().orElseThrow().stats().numTokensReused();
    }

    private static List<Float> boxed(float[] numbers) {
        List<Float> list = new ArrayList<>();
        for (float number : numbers) {
            list.add(number);
        }
        return list;
    }
}
