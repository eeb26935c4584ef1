package io.github.pastkv.model.grammar.automaton;

import java.util.Arrays;

/**
 * A recursive transition network (Woods 1970): nodes and edges for each rule, over bytes. An edge reads a byte of a
 * range, or nothing, or a text of a rule. Nodes and edges are numbered; the edges of a node are a linked list.
 *
 * <p>Grows while {@link NetworkBuilder} makes it, and is not changed after that.
 */
final class Network {
    /** Limit of nodes and of edges, some 30 bytes each. */
    static final int MAX_SIZE = 500_000;

    static final int NONE = -1;
    private static final int EPSILON = -1;
    private static final int CALL = -2;

    private int numNodes;
    private int[] firstEdge = new int[64];
    private int numEdges;
    private int[] nextEdge = new int[64];
    private int[] kind = new int[64]; // first byte of the range, or EPSILON, or CALL
    private int[] operand = new int[64]; // last byte of the range, or the called rule
    private int[] target = new int[64];

    int addNode() {
        if (numNodes == firstEdge.length) {
            firstEdge = Arrays.copyOf(firstEdge, grown(numNodes));
        }
        firstEdge[numNodes] = NONE;
        return numNodes++;
    }

    void addEpsilon(int from, int to) {
        addEdge(from, EPSILON, 0, to);
    }

    void addBytes(int from, int firstByte, int lastByte, int to) {
        addEdge(from, firstByte, lastByte, to);
    }

    /** Reads a text of a rule, then goes on at {@code to}. */
    void addCall(int from, int rule, int to) {
        addEdge(from, CALL, rule, to);
    }

    private void addEdge(int from, int newKind, int newOperand, int to) {
        if (numEdges == kind.length) {
            int size = grown(numEdges);
            nextEdge = Arrays.copyOf(nextEdge, size);
            kind = Arrays.copyOf(kind, size);
            operand = Arrays.copyOf(operand, size);
            target = Arrays.copyOf(target, size);
        }
        nextEdge[numEdges] = firstEdge[from];
        kind[numEdges] = newKind;
        operand[numEdges] = newOperand;
        target[numEdges] = to;
        firstEdge[from] = numEdges++;
    }

    private static int grown(int size) {
        if (size >= MAX_SIZE) {
            throw new IllegalArgumentException("grammar: needs more than " + MAX_SIZE
                    + " states; its repetition counts multiply");
        }
        return 2 * size;
    }

    int numNodes() {
        return numNodes;
    }

    int numEdges() {
        return numEdges;
    }

    /** First edge of a node, or {@link #NONE}. */
    int firstEdge(int node) {
        return firstEdge[node];
    }

    /** The edge after another of the same node, or {@link #NONE}. */
    int nextEdge(int edge) {
        return nextEdge[edge];
    }

    boolean isEpsilon(int edge) {
        return kind[edge] == EPSILON;
    }

    boolean isCall(int edge) {
        return kind[edge] == CALL;
    }

    boolean readsByte(int edge) {
        return kind[edge] >= 0;
    }

    int firstByte(int edge) {
        return kind[edge];
    }

    int lastByte(int edge) {
        return operand[edge];
    }

    int calledRule(int edge) {
        return operand[edge];
    }

    int target(int edge) {
        return target[edge];
    }
}
