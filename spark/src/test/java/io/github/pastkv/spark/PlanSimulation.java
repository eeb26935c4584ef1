package io.github.pastkv.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Simulates partitions by prefix beside Spark's own: the share of a trace's blocks that executors find in their caches,
 * by number of executors, each with one partition, and size of their caches (LRU, leaves first). Traces are those that
 * the replay of {@code bench} writes ({@code -Dreplay="--write DIR"}): an id stands for a block and all before it.
 *
 * <p>Arguments: trace files.
 */
public final class PlanSimulation {
    private static final int[] NUM_EXECUTORS = {1, 10, 100, 1000};
    private static final int[] CAPACITIES = {100, 1000, Integer.MAX_VALUE};

    private PlanSimulation() {}

    public static void main(String[] args) throws IOException {
        System.out.println("| trace | executors | blocks of a cache | by prefix | largest partition / mean |"
                + " as they come | bound |\n|---|---|---|---|---|---|---|");
        for (String file : args) {
            List<int[]> requests = read(Path.of(file));
            double bound = hitRate(List.of(requests), Integer.MAX_VALUE);
            for (int numExecutors : NUM_EXECUTORS) {
                PrefixPlan plan = plan(requests, numExecutors);
                List<List<int[]>> planned = split(requests, numExecutors, plan);
                planned.forEach(partition -> partition.sort(Arrays::compare));
                List<List<int[]>> asTheyCome = split(requests, numExecutors, null);
                double skew = Arrays.stream(plan.numTokens()).max().orElseThrow() * (double) numExecutors
                        / Arrays.stream(plan.numTokens()).sum();
                for (int capacity : CAPACITIES) {
                    System.out.println(String.format(Locale.ROOT,
                            "| %s | %,d | %s | %.1f %% | %.2f | %.1f %% | %.1f %% |", Path.of(file).getFileName(),
                            numExecutors,
                            capacity == Integer.MAX_VALUE ? "unlimited" : capacity,
                            100 * hitRate(planned, capacity), skew, 100 * hitRate(asTheyCome, capacity), 100 * bound));
                }
            }
        }
    }

    private static List<int[]> read(Path file) throws IOException {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.map(line -> JsonMapper.shared().readTree(line).path("hash_ids").valueStream()
                    .mapToInt(JsonNode::intValue).toArray()).toList();
        }
    }

    private static PrefixPlan plan(List<int[]> requests, int numPartitions) {
        PrefixSegments segments = new PrefixSegments(1 << 16);
        requests.stream().sorted(Arrays::compare).forEach(ids -> segments.add(ids, 1));
        return PrefixPlan.of(segments.segments(), numPartitions);
    }

    /** The requests of each partition, in their order: by a plan, or one after the other. */
    private static List<List<int[]>> split(List<int[]> requests, int numPartitions,
            @Nullable PrefixPlan plan) {
        List<List<int[]>> partitions = new ArrayList<>();
        for (int partition = 0; partition < numPartitions; partition++) {
            partitions.add(new ArrayList<>());
        }
        for (int number = 0; number < requests.size(); number++) {
            int[] request = requests.get(number);
            partitions.get(plan == null ? number % numPartitions : plan.partition(request)).add(request);
        }
        return partitions;
    }

    private static double hitRate(List<List<int[]>> partitions, int capacity) {
        long numHits = 0;
        long numBlocks = 0;
        for (List<int[]> partition : partitions) {
            Map<Integer, Integer> cache = new LinkedHashMap<>(16, 0.75f, true); // least recently used first
            for (int[] request : partition) {
                int numFound = 0;
                while (numFound < request.length && cache.containsKey(request[numFound])) {
                    numFound++;
                }
                numHits += numFound;
                numBlocks += request.length;
                for (int block = request.length - 1; block >= 0; block--) { // so that leaves are evicted first
                    cache.put(request[block], block);
                }
                for (var blocks = cache.keySet().iterator(); cache.size() > capacity;) {
                    blocks.next();
                    blocks.remove();
                }
            }
        }
        return (double) numHits / numBlocks;
    }
}
