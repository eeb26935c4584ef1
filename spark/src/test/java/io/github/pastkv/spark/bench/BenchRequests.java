package io.github.pastkv.spark.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Prompts of random tokens that share prefixes, in random order: what {@code tools/serving/batch_requests.py} writes.
 *
 * @param prompts token ids
 * @param numPrefixes prefixes
 * @param numShared tokens of a prefix
 */
record BenchRequests(List<int[]> prompts, int numPrefixes, int numShared) {
    private static final int FIRST_ID = 10; // none of the special tokens
    private static final int END_ID = 1000;

    static BenchRequests random(int numRequests, int numPrefixes, int numShared, int numOwn, long seed) {
        Random random = new Random(seed);
        List<int[]> prefixes = IntStream.range(0, numPrefixes).mapToObj(_ -> tokens(random, numShared)).toList();
        List<int[]> prompts = new ArrayList<>();
        for (int request = 0; request < numRequests; request++) {
            prompts.add(IntStream.concat(Arrays.stream(prefixes.get(request % numPrefixes)),
                    Arrays.stream(tokens(random, numOwn))).toArray());
        }
        Collections.shuffle(prompts, random);
        return new BenchRequests(List.copyOf(prompts), numPrefixes, numShared);
    }

    private static int[] tokens(Random random, int number) {
        return random.ints(number, FIRST_ID, END_ID).toArray();
    }

    long numTokens() {
        return prompts.stream().mapToLong(prompt -> prompt.length).sum();
    }

    /** Share of the prompts' tokens that need not be computed if each prefix is computed once, in [0, 1]. */
    double reusableShare() {
        return (double) (prompts.size() - numPrefixes) * numShared / numTokens();
    }
}
