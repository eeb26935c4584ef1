package io.github.pastkv.spark;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Cuts prompts, added in the order of their token ids, into segments: where the common prefix is short first. Holds
 * a bounded number of them, however many prompts there are. For one thread.
 */
final class PrefixSegments {
    private final int maxSegments;
    private List<PrefixSegment> segments = new ArrayList<>();
    private int @Nullable [] previous;

    /** @param maxSegments at least 16 */
    PrefixSegments(int maxSegments) {
        this.maxSegments = maxSegments;
    }

    /**
     * Adds the next prompt.
     *
     * @param numNewTokens tokens to compute after those of the prompt
     */
    void add(int[] ids, int numNewTokens) {
        int[] before = previous;
        int numShared = before == null ? 0 : numShared(before, ids);
        int numComputed = Math.max(1, ids.length - numShared); // the last token is always computed
        int[] boundary = before == null ? ids : Arrays.copyOf(ids, Math.min(ids.length, numShared + 1));
        PrefixSegment own = new PrefixSegment(boundary, numShared, 1, (long) numComputed + numNewTokens);
        if (before != null && numShared == ids.length) { // equal prompts cannot be told apart
            segments.set(segments.size() - 1, segments.getLast().plus(own));
        } else {
            segments.add(own);
        }
        if (segments.size() > maxSegments) {
            long numTokens = segments.stream().mapToLong(PrefixSegment::numTokens).sum();
            segments = new ArrayList<>(merged(segments, numTokens * 8 / maxSegments)); // a quarter of them at most
        }
        previous = ids;
    }

    /** The segments so far. */
    List<PrefixSegment> segments() {
        return List.copyOf(segments);
    }

    /** Leading ids that two prompts share. */
    static int numShared(int[] first, int[] second) {
        int mismatch = Arrays.mismatch(first, second);
        return mismatch < 0 ? first.length : mismatch;
    }

    /** Joins neighbors up to {@code maxTokens} tokens, those that share the most tokens first. */
    static List<PrefixSegment> merged(List<PrefixSegment> sorted, long maxTokens) {
        int count = sorted.size();
        int[] from = IntStream.range(0, count).toArray(); // of each segment's group: its first segment
        int[] to = from.clone(); // of each group, by its first segment: its last one
        long[] numTokens = sorted.stream().mapToLong(PrefixSegment::numTokens).toArray(); // of each group
        List<Integer> boundaries = new ArrayList<>(IntStream.range(1, count).boxed().toList());
        boundaries.sort(Comparator.comparingInt((Integer at) -> -sorted.get(at).numShared()));
        for (int at : boundaries) {
            int left = root(from, at - 1);
            if (numTokens[left] + numTokens[at] <= maxTokens) { // a boundary begins its group
                from[at] = left;
                to[left] = to[at];
                numTokens[left] += numTokens[at];
            }
        }
        List<PrefixSegment> result = new ArrayList<>();
        for (int at = 0; at < count; at = to[at] + 1) {
            result.add(sorted.subList(at, to[at] + 1).stream().reduce(PrefixSegment::plus).orElseThrow());
        }
        return result;
    }

    private static int root(int[] from, int segment) {
        int root = segment;
        while (from[root] != root) {
            from[root] = from[from[root]]; // halves the way for the next search
            root = from[root];
        }
        return root;
    }
}
