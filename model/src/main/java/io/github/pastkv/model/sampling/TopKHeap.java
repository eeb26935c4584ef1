package io.github.pastkv.model.sampling;

/**
 * Token ids as a max-heap by score, then by smaller id: building it is linear, taking the best is logarithmic, so the
 * best few of a vocabulary cost no sort. Ids that were taken stay readable by rank. Not safe for use by several
 * threads.
 */
final class TopKHeap {
    private final double[] scores;
    private final int[] ids;
    private int numInHeap;

    /** A heap over {@code scores}, which it shares; call {@link #build} after they have changed. */
    TopKHeap(double[] scores) {
        this.scores = scores;
        this.ids = new int[scores.length];
    }

    /** Puts all ids into the heap. */
    void build() {
        numInHeap = ids.length;
        for (int id = 0; id < ids.length; id++) {
            ids[id] = id;
        }
        for (int parent = numInHeap / 2 - 1; parent >= 0; parent--) {
            siftDown(parent);
        }
    }

    boolean isEmpty() {
        return numInHeap == 0;
    }

    /** Takes the best id out. */
    int take() {
        int best = ids[0];
        numInHeap--;
        ids[0] = ids[numInHeap];
        ids[numInHeap] = best;
        siftDown(0);
        return best;
    }

    /** The id taken as number {@code rank}, from 0. */
    int taken(int rank) {
        return ids[ids.length - 1 - rank];
    }

    private void siftDown(int start) {
        int parent = start;
        for (int child = 2 * parent + 1; child < numInHeap; child = 2 * parent + 1) {
            if (child + 1 < numInHeap && isBetter(ids[child + 1], ids[child])) {
                child++;
            }
            if (!isBetter(ids[child], ids[parent])) {
                return;
            }
            int id = ids[parent];
            ids[parent] = ids[child];
            ids[child] = id;
            parent = child;
        }
    }

    private boolean isBetter(int id, int other) {
        return scores[id] > scores[other] || (scores[id] == scores[other] && id < other);
    }
}
