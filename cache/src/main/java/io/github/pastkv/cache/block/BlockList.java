package io.github.pastkv.cache.block;

import static io.github.pastkv.cache.block.BlockRecords.NEXT;
import static io.github.pastkv.cache.block.BlockRecords.NONE;
import static io.github.pastkv.cache.block.BlockRecords.NOT_LISTED;
import static io.github.pastkv.cache.block.BlockRecords.PREVIOUS;

import java.util.function.IntConsumer;

/**
 * A list of blocks, linked through their records: any can be taken out. Of all lists over the same records a block is in
 * one at most. Under the pool's lock.
 */
final class BlockList {
    private final String name;
    private final BlockRecords records;
    private int first = NONE;
    private int last = NONE;
    private int size;

    /** An empty one; the name is for messages. */
    BlockList(String name, BlockRecords records) {
        this.name = name;
        this.records = records;
    }

    int size() {
        return size;
    }

    /** The block that has been here for longest, or NONE. */
    int first() {
        return first;
    }

    /** Puts a block that is in no list at the end. */
    void append(int blockId) {
        records.set(blockId, PREVIOUS, last);
        records.set(blockId, NEXT, NONE);
        if (last == NONE) {
            first = blockId;
        } else {
            records.set(last, NEXT, blockId);
        }
        last = blockId;
        size++;
    }

    /** Takes one of its blocks out. */
    void remove(int blockId) {
        int previous = records.get(blockId, PREVIOUS);
        int next = records.get(blockId, NEXT);
        if (previous == NONE) {
            first = next;
        } else {
            records.set(previous, NEXT, next);
        }
        if (next == NONE) {
            last = previous;
        } else {
            records.set(next, PREVIOUS, previous);
        }
        records.set(blockId, PREVIOUS, NOT_LISTED);
        size--;
    }

    /** Counts anew; an {@link IllegalStateException} names what is wrong. */
    void checkIntegrity(IntConsumer checkBlock) {
        int numListed = 0;
        int before = NONE;
        for (int blockId = first; blockId != NONE; blockId = records.get(blockId, NEXT)) {
            checkBlock.accept(blockId);
            numListed++;
            if (records.get(blockId, PREVIOUS) != before || numListed > size) {
                throw new IllegalStateException("the list of " + name + " blocks is wrong at block " + blockId);
            }
            before = blockId;
        }
        if (numListed != size || last != before) {
            throw new IllegalStateException(
                    "the list of " + name + " blocks has " + numListed + " blocks, " + size + " are counted");
        }
    }
}
