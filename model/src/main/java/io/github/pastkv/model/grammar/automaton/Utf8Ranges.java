package io.github.pastkv.model.grammar.automaton;

import java.util.HashMap;
import java.util.Map;

/**
 * The edges that read one character of a set, in UTF-8, between two nodes. A range of characters is cut until all its
 * characters differ in independent byte ranges; the ends of paths are shared.
 */
final class Utf8Ranges {
    private static final int CONTINUATION_BITS = 6;
    private static final int CONTINUATION = 0x80;
    private static final int LAST_CONTINUATION = 0xBF;
    private static final int[] LAST_OF_LENGTH = {0x7F, 0x7FF, 0xFFFF, 0x10FFFF};
    private static final int[] LEAD = {0, 0xC0, 0xE0, 0xF0};

    private final Network network;
    private final int to;
    private final Map<Long, Integer> nodeByTail = new HashMap<>(); // by byte range and target

    private Utf8Ranges(Network network, int to) {
        this.network = network;
        this.to = to;
    }

    static void addEdges(Network network, int from, CodePoints set, int to) {
        Utf8Ranges ranges = new Utf8Ranges(network, to);
        for (int range = 0; range < set.numRanges(); range++) {
            ranges.addRange(from, set.first(range), set.last(range));
        }
    }

    /** Cuts where the number of bytes changes. */
    private void addRange(int from, int first, int last) {
        int begin = first;
        for (int numTail = 0; numTail < LAST_OF_LENGTH.length; numTail++) {
            int end = Math.min(last, LAST_OF_LENGTH[numTail]);
            if (begin <= end) {
                addSameLength(from, begin, end, numTail);
                begin = end + 1;
            }
        }
    }

    /** Cuts until all bytes behind the first that differs take all values. */
    private void addSameLength(int from, int first, int last, int numTail) {
        for (int numLow = numTail; numLow > 0; numLow--) {
            int low = (1 << (numLow * CONTINUATION_BITS)) - 1;
            if ((first & ~low) != (last & ~low)) {
                if ((first & low) != 0) {
                    addSameLength(from, first, first | low, numTail);
                    addSameLength(from, (first | low) + 1, last, numTail);
                    return;
                }
                if ((last & low) != low) {
                    addSameLength(from, first, (last & ~low) - 1, numTail);
                    addSameLength(from, last & ~low, last, numTail);
                    return;
                }
            }
        }
        addPath(from, first, last, numTail);
    }

    private void addPath(int from, int first, int last, int numTail) {
        int node = to;
        for (int tail = 0; tail < numTail; tail++) {
            int shift = tail * CONTINUATION_BITS;
            node = tailNode(continuation(first >>> shift), continuation(last >>> shift), node);
        }
        int shift = numTail * CONTINUATION_BITS;
        network.addBytes(from, LEAD[numTail] | (first >>> shift), LEAD[numTail] | (last >>> shift), node);
    }

    private static int continuation(int bits) {
        return CONTINUATION | (bits & (LAST_CONTINUATION - CONTINUATION));
    }

    private int tailNode(int firstByte, int lastByte, int target) {
        return nodeByTail.computeIfAbsent(((long) target << 16) | (firstByte << 8) | lastByte, _ -> {
            int node = network.addNode();
            network.addBytes(node, firstByte, lastByte, target);
            return node;
        });
    }
}
