package io.github.pastkv.kernels;

import io.github.pastkv.cache.layout.KvBlocks;
import io.github.pastkv.cache.layout.KvLayout;
import io.github.pastkv.cache.layout.KvWindow;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Which rows of a step read the same blocks, found from their block tables. Rows with few queries are members, in an
 * order in which those that share most are neighbors. Between two neighbors stands the range of positions that both
 * read from the same blocks: whole spans that each of their queries attends to, so that the edges of windows, sinks and
 * the end of a row are never in it.
 *
 * <p>Reused from layer to layer without allocation; not thread-safe.
 */
final class SharedPrefixes {
    private static final int SPAN = AttentionTile.SPAN_POSITIONS;

    /** What attention reads of a row. */
    private static final class Member {
        private int row;
        private int firstToken;
        private int numQueries;
        private @Nullable KvBlocks blocks;
        private int layerInGroup;
        private KvWindow window = KvWindow.NONE;
        /** All queries attend to the positions of spans {@code [fromSpan, toSpan)}. */
        private int fromSpan;
        private int toSpan;
        /** Spans that the next member reads from the same blocks, {@code [sharedFrom, sharedTo)}. */
        private int sharedFrom;
        private int sharedTo;
    }

    private Member[] members = {};
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
                read(next(), arguments, row);
            }
        }
        sort();
        return findShared();
    }

    private Member next() {
        if (numMembers == members.length) {
            int numBefore = members.length;
            members = Arrays.copyOf(members, Math.max(8, 2 * numBefore));
            Arrays.setAll(members, i -> i < numBefore ? members[i] : new Member());
        }
        return members[numMembers++];
    }

    private static void read(Member member, AttentionArguments arguments, int row) {
        member.row = row;
        member.firstToken = arguments.firstQuery(row);
        member.numQueries = arguments.numQueries(row);
        member.blocks = arguments.blocks(row);
        member.layerInGroup = arguments.layerInGroup(row);
        member.window = arguments.window(row);
        int firstPosition = arguments.position(member.firstToken);
        int lastPosition = firstPosition + member.numQueries - 1;
        member.fromSpan = Math.ceilDiv(member.window.firstVisible(lastPosition), SPAN);
        member.toSpan = (firstPosition + 1) / SPAN;
    }

    /** Sorts members by the places of their blocks, so that those with a common prefix are neighbors. */
    private void sort() {
        for (int i = 1; i < numMembers; i++) {
            Member member = members[i];
            int place = compare(members[i - 1], member) <= 0 ? i : placeOf(member, i - 1);
            System.arraycopy(members, place, members, place + 1, i - place);
            members[place] = member;
        }
    }

    /** Where to insert a member into the first {@code count}. */
    private int placeOf(Member member, int count) {
        int from = 0;
        int to = count;
        while (from < to) {
            int middle = (from + to) >>> 1;
            if (compare(members[middle], member) <= 0) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        return from;
    }

    private static int compare(Member a, Member b) {
        KvBlocks ours = blocks(a);
        KvBlocks others = blocks(b);
        int blockSize = ours.layout().blockSize();
        if (blockSize != others.layout().blockSize()) {
            return Integer.compare(blockSize, others.layout().blockSize());
        }
        int from = Math.max(a.fromSpan, b.fromSpan) * SPAN / blockSize;
        int to = Math.ceilDiv(Math.min(a.toSpan, b.toSpan) * SPAN, blockSize);
        int block = from < to ? ours.sharedTo(others, from, to) : to;
        return block < to ? Long.compare(address(ours, block), address(others, block))
                : Integer.compare(a.toSpan, b.toSpan);
    }

    private static long address(KvBlocks blocks, int block) {
        return blocks.segment(block).address() + blocks.blockByteOffset(block);
    }

    private static KvBlocks blocks(Member member) {
        return Objects.requireNonNull(member.blocks);
    }

    /** Sets what each member shares with the next, and returns whether any shares a span. */
    private boolean findShared() {
        boolean any = false;
        for (int i = 0; i + 1 < numMembers; i++) {
            Member member = members[i];
            member.sharedFrom = Math.max(member.fromSpan, members[i + 1].fromSpan);
            member.sharedTo = sharedTo(member, members[i + 1], member.sharedFrom);
            any |= member.sharedTo > member.sharedFrom;
        }
        return any;
    }

    private static int sharedTo(Member member, Member next, int fromSpan) {
        int toSpan = Math.min(member.toSpan, next.toSpan);
        KvLayout layout = blocks(member).layout();
        if (fromSpan >= toSpan || member.layerInGroup != next.layerInGroup || !member.window.equals(next.window)
                || !layout.equals(blocks(next).layout())) {
            return fromSpan;
        }
        int fromBlock = fromSpan * SPAN / layout.blockSize();
        int toBlock = blocks(member).sharedTo(blocks(next), fromBlock,
                Math.ceilDiv(toSpan * SPAN, layout.blockSize()));
        return Math.clamp((long) toBlock * layout.blockSize() / SPAN, fromSpan, toSpan);
    }

    /** Forgets the rows of the step. */
    void clear() {
        for (int i = 0; i < numMembers; i++) {
            members[i].blocks = null;
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
