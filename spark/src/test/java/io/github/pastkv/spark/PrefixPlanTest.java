package io.github.pastkv.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PrefixPlanTest {
    private static final int NUM_PARTITIONS = 7;
    private static final int MAX_SEGMENTS = 512;

    @Test
    void of_manyFamilies_keepsEachTogetherAndPartitionsEven() {
        List<int[]> prompts = families(50, 20, 100, 5);
        PrefixPlan plan = plan(prompts, 1, NUM_PARTITIONS);

        Map<Integer, Integer> partitionByFamily = new HashMap<>();
        for (int[] prompt : prompts) {
            int partition = plan.partition(prompt);
            assertThat(partitionByFamily.getOrDefault(prompt[0], partition)).isEqualTo(partition);
            partitionByFamily.put(prompt[0], partition);
        }
        long mean = Arrays.stream(plan.numTokens()).sum() / NUM_PARTITIONS;
        assertThat(Arrays.stream(plan.numTokens()).max().orElseThrow()).isLessThan(mean * 5 / 4);
    }

    @Test
    void of_oneFamilyWithMostOfTheWork_cutsItWhereLittleIsShared() {
        List<int[]> prompts = families(3, 2, 100, 5);
        for (int group = 0; group < 40; group++) { // one family of 40 groups, each sharing 30 tokens more
            for (int i = 0; i < 10; i++) {
                int[] prompt = new int[60];
                Arrays.fill(prompt, 0, 20, 99);
                Arrays.fill(prompt, 20, 50, group);
                prompt[50] = i;
                prompts.add(prompt);
            }
        }
        PrefixPlan plan = plan(prompts, 1, NUM_PARTITIONS);

        Map<Integer, Integer> partitionByGroup = new HashMap<>();
        for (int[] prompt : prompts.subList(6, prompts.size())) {
            int partition = plan.partition(prompt);
            assertThat(partitionByGroup.getOrDefault(prompt[20], partition)).isEqualTo(partition);
            partitionByGroup.put(prompt[20], partition);
        }
        assertThat(partitionByGroup.values().stream().distinct().count()).isEqualTo(NUM_PARTITIONS);
    }

    @Test
    void partition_anyPrompt_isThatOfItsSegment() {
        Random random = new Random(7);
        List<int[]> prompts = new ArrayList<>(); // few ids, so that many prompts are equal or prefixes of others
        for (int i = 0; i < 5000; i++) {
            prompts.add(random.ints(1 + random.nextInt(9), 0, 3).toArray());
        }
        prompts.sort(Arrays::compare);
        for (int numRanges : new int[] {1, 4}) {
            PrefixPlan plan = plan(prompts, numRanges, NUM_PARTITIONS);
            long[] numComputed = new long[NUM_PARTITIONS];
            int[][] last = new int[NUM_PARTITIONS][0];
            for (int[] prompt : prompts) {
                int partition = plan.partition(prompt);
                int numShared = PrefixSegments.numShared(last[partition], prompt);
                numComputed[partition] += Math.max(1, prompt.length - numShared);
                last[partition] = prompt;
            }
            for (int partition = 0; partition < NUM_PARTITIONS; partition++) { // never more than planned
                assertThat(numComputed[partition]).isPositive().isLessThanOrEqualTo(plan.numTokens()[partition]);
            }
        }
    }

    @Test
    void segments_ofManyPrompts_areFewAndHoldAllTokens() {
        PrefixSegments segments = new PrefixSegments(MAX_SEGMENTS);
        long numTokens = 0;
        for (int i = 0; i < 100_000; i++) {
            segments.add(new int[] {i / 100, i}, 3);
            numTokens += i % 100 == 0 ? 5 : 4;
        }
        List<PrefixSegment> result = segments.segments();
        assertThat(result).hasSizeBetween(MAX_SEGMENTS / 16, MAX_SEGMENTS);
        assertThat(result.stream().mapToLong(PrefixSegment::numTokens).sum()).isEqualTo(numTokens);
        assertThat(result.stream().mapToLong(PrefixSegment::numPrompts).sum()).isEqualTo(100_000);
    }

    @Test
    void of_noPrompts_hasOnePartitionForAnything() {
        assertThat(PrefixPlan.of(List.of(), 3).partition(new int[] {1})).isZero();
    }

    /** Prompts of some families, in an order of their own. */
    private static List<int[]> families(int numFamilies, int numPrompts, int numShared, int numOwn) {
        List<int[]> prompts = new ArrayList<>();
        for (int family = 0; family < numFamilies; family++) {
            for (int number = 0; number < numPrompts; number++) {
                int[] prompt = new int[numShared + numOwn];
                Arrays.fill(prompt, family);
                prompt[numShared] = number;
                prompts.add(prompt);
            }
        }
        return prompts;
    }

    /** As the planning job does it: sorted ranges, cut each on its own. */
    private static PrefixPlan plan(List<int[]> prompts, int numRanges, int numPartitions) {
        List<int[]> sorted = prompts.stream().sorted(Arrays::compare).toList();
        List<PrefixSegment> all = new ArrayList<>();
        int[] starts = IntStream.rangeClosed(0, numRanges).map(range -> sorted.size() * range / numRanges).toArray();
        for (int range = 1; range < numRanges; range++) { // equal prompts are in one range
            while (starts[range] > 0 && Arrays.equals(sorted.get(starts[range] - 1), sorted.get(starts[range]))) {
                starts[range]--;
            }
        }
        for (int range = 0; range < numRanges; range++) {
            PrefixSegments segments = new PrefixSegments(MAX_SEGMENTS);
            sorted.subList(starts[range], starts[range + 1]).forEach(ids -> segments.add(ids, 0));
            all.addAll(segments.segments());
        }
        return PrefixPlan.of(all, numPartitions);
    }
}
