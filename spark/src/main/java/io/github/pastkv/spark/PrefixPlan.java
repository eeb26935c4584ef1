package io.github.pastkv.spark;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.stream.IntStream;

/**
 * Assigns prompts to partitions. Prompts that begin alike form families; a family goes to one partition unless it is
 * more than a fraction of a partition's work, and families are packed by the tokens that remain to be computed, longest
 * first (LPT, Graham 1969). Where a family must be cut, it is cut where neighbors share the fewest tokens. Immutable.
 */
final class PrefixPlan implements Serializable {
    private static final long serialVersionUID = 1;
    private static final int MIN_FAMILIES_PER_PARTITION = 4; // keeps the largest partition below 5/4 of the mean

    private final int[][] boundaries; // ids at which each family but the first begins, ascending
    private final int[] partitions; // of each family
    private final long[] numTokens; // of each partition

    private PrefixPlan(int[][] boundaries, int[] partitions, long[] numTokens) {
        this.boundaries = boundaries;
        this.partitions = partitions;
        this.numTokens = numTokens;
    }

    /** A partition that is being filled. */
    private record Bin(int partition, long numTokens) {}

    /**
     * A plan.
     *
     * @param sorted segments of all prompts, in the order of their token ids
     * @param numPartitions at least 1
     */
    static PrefixPlan of(List<PrefixSegment> sorted, int numPartitions) {
        long total = sorted.stream().mapToLong(PrefixSegment::numTokens).sum();
        long maxTokens = numPartitions == 1 ? Long.MAX_VALUE : total / numPartitions / MIN_FAMILIES_PER_PARTITION;
        List<PrefixSegment> families = PrefixSegments.merged(sorted, maxTokens);
        int[] partitions = new int[families.size()];
        long[] numTokens = new long[numPartitions];
        PriorityQueue<Bin> leastFirst =
                new PriorityQueue<>(Comparator.comparingLong(Bin::numTokens).thenComparingInt(Bin::partition));
        IntStream.range(0, numPartitions).forEach(partition -> leastFirst.add(new Bin(partition, 0)));
        List<Integer> longestFirst = new ArrayList<>(IntStream.range(0, families.size()).boxed().toList());
        longestFirst.sort(Comparator.comparingLong((Integer at) -> -families.get(at).numTokensAlone()));
        for (int at : longestFirst) {
            Bin bin = leastFirst.remove();
            partitions[at] = bin.partition();
            numTokens[bin.partition()] = bin.numTokens() + families.get(at).numTokensAlone();
            leastFirst.add(new Bin(bin.partition(), numTokens[bin.partition()]));
        }
        return new PrefixPlan(families.stream().skip(1).map(PrefixSegment::boundary).toArray(int[][]::new), partitions,
                numTokens);
    }

    int numPartitions() {
        return numTokens.length;
    }

    /** The partition of a prompt. */
    int partition(int[] ids) {
        if (partitions.length == 0) {
            return 0;
        }
        int found = Arrays.binarySearch(boundaries, ids, Arrays::compare);
        return partitions[found >= 0 ? found + 1 : -found - 1];
    }

    /** Tokens to compute in each partition. */
    long[] numTokens() {
        return numTokens.clone();
    }

    @Override
    public String toString() {
        return "PrefixPlan[" + partitions.length + " families, tokens by partition " + Arrays.toString(numTokens) + "]";
    }
}
