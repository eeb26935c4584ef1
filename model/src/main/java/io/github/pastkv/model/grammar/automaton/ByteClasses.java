package io.github.pastkv.model.grammar.automaton;

/** Classes of bytes that no edge of a network tells apart. */
final class ByteClasses {
    private static final int NUM_BYTES = 256;

    private final byte[] classOf = new byte[NUM_BYTES];
    private final int numClasses;

    ByteClasses(Network network) {
        boolean[] begins = new boolean[NUM_BYTES + 1];
        for (int edge = 0; edge < network.numEdges(); edge++) {
            if (network.readsByte(edge)) {
                begins[network.firstByte(edge)] = true;
                begins[network.lastByte(edge) + 1] = true;
            }
        }
        int last = 0;
        for (int value = 0; value < NUM_BYTES; value++) {
            last += value > 0 && begins[value] ? 1 : 0;
            classOf[value] = (byte) last;
        }
        numClasses = last + 1;
    }

    int of(int value) {
        return classOf[value] & 0xFF;
    }

    int count() {
        return numClasses;
    }
}
