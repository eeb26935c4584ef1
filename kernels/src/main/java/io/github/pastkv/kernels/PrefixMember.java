package io.github.pastkv.kernels;

import io.github.pastkv.cache.layout.KvBlocks;
import io.github.pastkv.cache.layout.KvLayout;
import io.github.pastkv.cache.layout.KvWindow;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What attention reads of a row with few queries, and the part of it that the next row in order reads as well. */
final class PrefixMember {
    private static final int SPAN = AttentionTile.SPAN_POSITIONS;

    int row;
    int firstToken;
    int numQueries;
    /** All queries attend to the positions of spans {@code [fromSpan, toSpan)}. */
    int fromSpan;
    private int toSpan;
    /** Spans that the next member reads from the same blocks, {@code [sharedFrom, sharedTo)}. */
    int sharedFrom;
    int sharedTo;
    private @Nullable KvBlocks blocks;
    private int layerInGroup;
    private KvWindow window = KvWindow.NONE;

    /** Becomes a row of a step. */
    void read(AttentionArguments arguments, int newRow) {
        row = newRow;
        firstToken = arguments.firstQuery(row);
        numQueries = arguments.numQueries(row);
        blocks = arguments.blocks(row);
        layerInGroup = arguments.layerInGroup(row);
        window = arguments.window(row);
        int firstPosition = arguments.position(firstToken);
        int lastPosition = firstPosition + numQueries - 1;
        fromSpan = Math.ceilDiv(window.firstVisible(lastPosition), SPAN);
        toSpan = (firstPosition + 1) / SPAN;
    }

    /** Forgets the row's blocks. */
    void forget() {
        blocks = null;
    }

    /** The order of members: that of the places of the first blocks in which two differ. */
    int compareBlocks(PrefixMember other) {
        KvBlocks ours = blocks();
        KvBlocks others = other.blocks();
        int blockSize = ours.layout().blockSize();
        if (blockSize != others.layout().blockSize()) {
            return Integer.compare(blockSize, others.layout().blockSize());
        }
        int from = Math.max(fromSpan, other.fromSpan) * SPAN / blockSize;
        int to = Math.ceilDiv(Math.min(toSpan, other.toSpan) * SPAN, blockSize);
        int block = from < to ? ours.sharedTo(others, from, to) : to;
        return block < to ? Long.compare(address(ours, block), address(others, block))
                : Integer.compare(toSpan, other.toSpan);
    }

    private static long address(KvBlocks blocks, int block) {
        return blocks.segment(block).address() + blocks.blockByteOffset(block);
    }

    private KvBlocks blocks() {
        return Objects.requireNonNull(blocks);
    }

    /** End of the spans from {@code from} on that another member reads from the same blocks. */
    int sharedTo(PrefixMember next, int from) {
        int to = Math.min(toSpan, next.toSpan);
        KvLayout layout = blocks().layout();
        if (from >= to || layerInGroup != next.layerInGroup || !window.equals(next.window)
                || !layout.equals(next.blocks().layout())) {
            return from;
        }
        int fromBlock = from * SPAN / layout.blockSize();
        int toBlock = blocks().sharedTo(next.blocks(), fromBlock, Math.ceilDiv(to * SPAN, layout.blockSize()));
        return Math.clamp((long) toBlock * layout.blockSize() / SPAN, from, to);
    }
}
