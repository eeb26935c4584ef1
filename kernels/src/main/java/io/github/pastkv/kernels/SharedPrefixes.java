package io.github.pastkv.kernels;

import java.util.Arrays;

/**
 * Which rows of a step read the same blocks, found from their block tables. Rows with few queries are members, in an
 * order in which those that share most are neighbors. Between two neighbors stands the range of positions that both
 * read from the same blocks: whole spans that each of their queries attends to, so that the edges of windows, sinks and
 * the end of a row are never in it.
 *
 * <p>Reused from layer to layer without allocation; not thread-safe.
 */
final class SharedPrefixes {
    private PrefixMember[] members = {};
    private int numMembers;

    /**
     * Finds members and what they share in one layer.
     *
     * @param maxQueries queries up to which a row is a member
     * @return whether any two members share a span
     */
    boolean find(AttentionArguments arguments, int maxQueries) {
        numMembers = 0;
        for (int row = 0; row < arguments.numRows(); row++) {
            int numQueries = arguments.numQueries(row);
            if (numQueries > 0 && numQueries <= maxQueries) {
                next().read(arguments, row);
            }
        }
        sort();
        return findShared();
    }

    private PrefixMember next() {
        if (numMembers == members.length) {
            int numBefore = members.length;
            members = Arrays.copyOf(members, Math.max(8, 2 * numBefore));
            Arrays.setAll(members, i -> i < numBefore ? members[i] : new PrefixMember());
        }
        return members[numMembers++];
    }

    /** Sorts members by the places of their blocks, so that those with a common prefix are neighbors. */
    private void sort() {
        for (int i = 1; i < numMembers; i++) {
            PrefixMember member = members[i];
            int place = members[i - 1].compareBlocks(member) <= 0 ? i : placeOf(member, i - 1);
            System.arraycopy(members, place, members, place + 1, i - place);
            members[place] = member;
        }
    }

    /** Where to insert a member into the first {@code count}. */
    private int placeOf(PrefixMember member, int count) {
        int from = 0;
        int to = count;
        while (from < to) {
            int middle = (from + to) >>> 1;
            if (members[middle].compareBlocks(member) <= 0) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        return from;
    }

    /** Sets what each member shares with the next, and returns whether any shares a span. */
    private boolean findShared() {
        boolean any = false;
        for (int i = 0; i + 1 < numMembers; i++) {
            PrefixMember member = members[i];
            member.sharedFrom = Math.max(member.fromSpan, members[i + 1].fromSpan);
            member.sharedTo = member.sharedTo(members[i + 1], member.sharedFrom);
            any |= member.sharedTo > member.sharedFrom;
        }
        return any;
    }

    /** Forgets the rows of the step. */
    void clear() {
        for (int i = 0; i < numMembers; i++) {
            members[i].forget();
        }
        numMembers = 0;
    }

    int numMembers() {
        return numMembers;
    }

    /** The row of a member. */
    int row(int member) {
        return members[member].row;
    }

    /** First token of a member in the numbering of the step. */
    int firstToken(int member) {
        return members[member].firstToken;
    }

    int numQueries(int member) {
        return members[member].numQueries;
    }

    /** First span that a member and the next read from the same blocks. */
    int sharedFrom(int member) {
        return members[member].sharedFrom;
    }

    /** End of these spans; {@link #sharedFrom} if there are none. */
    int sharedTo(int member) {
        return members[member].sharedTo;
    }
}
