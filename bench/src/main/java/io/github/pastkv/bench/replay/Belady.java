package io.github.pastkv.bench.replay;

import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * The optimal hit rate of a policy that knows the future (Belady 1966). It evicts the block whose next use is furthest
 * away, and of equals the later one in its prompt. A block is never used without those before it, so none is kept
 * without them.
 */
final class Belady {
    private static final int NEVER = Integer.MAX_VALUE;

    /** A cached block. */
    private record Block(int nextUse, int depth, int id) {}

    private static final Comparator<Block> ORDER =
            Comparator.comparingInt(Block::nextUse).thenComparingInt(Block::depth).thenComparingInt(Block::id);

    private final Map<Integer, int[]> uses = new HashMap<>();
    private final Map<Integer, Block> cached = new HashMap<>();
    private final TreeSet<Block> byNextUse = new TreeSet<>(ORDER);

    private Belady(List<TraceRequest> trace) {
        for (int request = 0; request < trace.size(); request++) {
            for (int id : trace.get(request).hashIds()) {
                int number = request;
                uses.merge(id, new int[] {number}, (before, _) -> append(before, number));
            }
        }
    }

    private static int[] append(int[] numbers, int number) {
        int[] longer = Arrays.copyOf(numbers, numbers.length + 1);
        longer[numbers.length] = number;
        return longer;
    }

    /** Share of all blocks of all requests that can be hits with {@code capacity} blocks. */
    static double hitRate(List<TraceRequest> trace, int capacity) {
        Belady belady = new Belady(trace);
        long numHits = 0;
        long numAsked = 0;
        for (int request = 0; request < trace.size(); request++) {
            int[] ids = trace.get(request).hashIds();
            numHits += belady.run(ids, request);
            while (belady.byNextUse.size() > capacity) {
                belady.cached.remove(belady.byNextUse.removeLast().id());
            }
            numAsked += ids.length;
        }
        return (double) numHits / numAsked;
    }

    private int run(int[] ids, int request) {
        int numHits = 0;
        while (numHits < ids.length && cached.containsKey(ids[numHits])) {
            numHits++;
        }
        for (int depth = 0; depth < ids.length; depth++) {
            Block before = cached.get(ids[depth]);
            if (before != null) {
                byNextUse.remove(before);
            }
            Block block = new Block(nextUse(ids[depth], request), depth, ids[depth]);
            cached.put(ids[depth], block);
            byNextUse.add(block);
        }
        return numHits;
    }

    private int nextUse(int id, int request) {
        int[] of = uses.getOrDefault(id, new int[0]);
        int at = Arrays.binarySearch(of, request);
        return at + 1 < of.length ? of[at + 1] : NEVER;
    }
}
