package io.github.pastkv.kernels;

import java.util.Arrays;

/**
 * Cuts the members of {@link SharedPrefixes} into groups that one thread attends for, and the positions of a group into
 * pieces: what neighboring members read from the same blocks, and what a member reads by itself. A group is a tree; its
 * pieces are listed so that those of each member ascend.
 *
 * <pre>
 *   position   0              4096        4608       5000       pieces
 *   member 0   |              |---shared--|--own--|             0: members [0, 4), positions [0, 4096)
 *   member 1   |----shared----|---shared--|----own----|         1: members [0, 2), positions [4096, 4608)
 *   member 2   |              |----own-------|                  2: member 0, from 4608 on      3: member 1, ...
 *   member 3   |              |--own--|
 * </pre>
 */
final class PrefixPieces {
    private static final int SPAN = AttentionTile.SPAN_POSITIONS;

    private int numGroups;
    private int[] groupMembers = new int[2]; // first member of each group, and the number of all
    private int[] groupPieces = new int[2]; // first piece of each group, and the number of all
    private int numPieces;
    private int[] fromMembers = new int[8]; // of each piece
    private int[] toMembers = new int[8];
    private int[] fromPositions = new int[8];
    private int[] toPositions = new int[8];

    /** Cuts all members into groups of at most {@code maxQueries} queries, or one member. */
    void cut(SharedPrefixes prefixes, int maxQueries) {
        numGroups = 0;
        numPieces = 0;
        int from = 0;
        while (from < prefixes.numMembers()) {
            int to = endOfGroup(prefixes, from, maxQueries);
            startGroup(from);
            addPieces(prefixes, from, to, 0);
            from = to;
        }
        startGroup(from);
        numGroups--;
    }

    private static int endOfGroup(SharedPrefixes prefixes, int from, int maxQueries) {
        int to = from + 1;
        int numQueries = prefixes.numQueries(from);
        while (to < prefixes.numMembers() && prefixes.sharedTo(to - 1) > prefixes.sharedFrom(to - 1)
                && numQueries + prefixes.numQueries(to) <= maxQueries) {
            numQueries += prefixes.numQueries(to++);
        }
        return to;
    }

    private void startGroup(int member) {
        if (numGroups + 1 >= groupMembers.length) {
            groupMembers = Arrays.copyOf(groupMembers, 2 * groupMembers.length);
            groupPieces = Arrays.copyOf(groupPieces, 2 * groupPieces.length);
        }
        groupMembers[numGroups] = member;
        groupPieces[numGroups++] = numPieces;
    }

    /** Pieces of members {@code [from, to)} from a span on. */
    private void addPieces(SharedPrefixes prefixes, int from, int to, int fromSpan) {
        if (to - from == 1) {
            addPiece(from, to, fromSpan * SPAN, Integer.MAX_VALUE);
            return;
        }
        int sharedFrom = fromSpan;
        int sharedTo = Integer.MAX_VALUE;
        for (int member = from; member < to - 1; member++) {
            sharedFrom = Math.max(sharedFrom, prefixes.sharedFrom(member));
            sharedTo = Math.min(sharedTo, prefixes.sharedTo(member));
        }
        int next = fromSpan;
        if (sharedFrom < sharedTo) {
            for (int member = from; member < to && sharedFrom > fromSpan; member++) {
                addPiece(member, member + 1, fromSpan * SPAN, sharedFrom * SPAN);
            }
            addPiece(from, to, sharedFrom * SPAN, sharedTo * SPAN);
            next = sharedTo;
        }
        int childFrom = from;
        for (int member = from; member < to; member++) {
            if (member == to - 1 || prefixes.sharedTo(member) <= Math.max(sharedTo, next)) {
                addPieces(prefixes, childFrom, member + 1, next);
                childFrom = member + 1;
            }
        }
    }

    private void addPiece(int fromMember, int toMember, int fromPosition, int toPosition) {
        if (numPieces == fromMembers.length) {
            fromMembers = Arrays.copyOf(fromMembers, 2 * numPieces);
            toMembers = Arrays.copyOf(toMembers, 2 * numPieces);
            fromPositions = Arrays.copyOf(fromPositions, 2 * numPieces);
            toPositions = Arrays.copyOf(toPositions, 2 * numPieces);
        }
        fromMembers[numPieces] = fromMember;
        toMembers[numPieces] = toMember;
        fromPositions[numPieces] = fromPosition;
        toPositions[numPieces++] = toPosition;
    }

    int numGroups() {
        return numGroups;
    }

    /** First member of a group; of {@code numGroups()}, the number of all. */
    int firstMember(int group) {
        return groupMembers[group];
    }

    /** First piece of a group; of {@code numGroups()}, the number of all. */
    int firstPiece(int group) {
        return groupPieces[group];
    }

    int fromMember(int piece) {
        return fromMembers[piece];
    }

    int toMember(int piece) {
        return toMembers[piece];
    }

    /** First position of a piece, a multiple of the span. */
    int fromPosition(int piece) {
        return fromPositions[piece];
    }

    /** End of a piece: a multiple of the span, or none for what a member reads by itself to its end. */
    int toPosition(int piece) {
        return toPositions[piece];
    }
}
