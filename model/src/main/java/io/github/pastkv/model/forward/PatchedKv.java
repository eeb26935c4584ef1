package io.github.pastkv.model.forward;

import io.github.pastkv.cache.layout.KvBlocks;
import io.github.pastkv.cache.layout.KvLayout;
import io.github.pastkv.cache.layout.KvShape;
import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.cache.layout.KvTypes;
import io.github.pastkv.cache.layout.TiledKvLayout;
import io.github.pastkv.model.hooks.StepSlots;
import io.github.pastkv.tensor.Tensor;
import java.lang.foreign.MemorySegment;

/** The F32 keys and values of one layer after a hook, which attention reads instead of the stored ones. */
final class PatchedKv implements KvBlocks {
    private final KvLayout layout;
    private final Tensor memory;

    /**
     * Blocks of one row.
     *
     * @param keys F32 {@code [B, P + N, K, D]}
     * @param values the same
     */
    PatchedKv(HookDispatcher dispatcher, Tensor keys, Tensor values, int row) {
        StepSlots slots = dispatcher.slots();
        layout = new TiledKvLayout(new KvShape(1, (int) keys.shape(2), (int) keys.shape(3)),
                KvTypes.of(KvType.F32), KvLayout.LANE_TILE);
        memory = dispatcher.allocate(layout.numBlocks(slots.kvLength(row)) * layout.blockBytes() / Float.BYTES);
        for (int position = 0; position < slots.kvLength(row); position++) {
            for (int head = 0; head < keys.shape(2); head++) {
                long source = keys.byteOffset(row, slots.keySlotOf(row, position), head, 0);
                long block = blockByteOffset(position / layout.blockSize());
                int slot = position % layout.blockSize();
                layout.writeKey(memory.segment(), block, 0, head, slot, keys.segment(), source);
                layout.writeValue(memory.segment(), block, 0, head, slot, values.segment(), source);
            }
        }
    }

    @Override
    public KvLayout layout() {
        return layout;
    }

    @Override
    public MemorySegment segment(int logicalBlock) {
        return memory.segment();
    }

    @Override
    public long blockByteOffset(int logicalBlock) {
        return logicalBlock * layout.blockBytes();
    }
}
