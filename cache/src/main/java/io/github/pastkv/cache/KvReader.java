package io.github.pastkv.cache;

/** Reads single numbers out of blocks: the slow, plain way. */
final class KvReader {
    private KvReader() {}

    static float read(KvBlocks blocks, int layerInGroup, boolean ofKeys, int position, int kvHead, int dim) {
        KvLayout layout = blocks.layout();
        int block = position / layout.blockSize();
        int slot = position % layout.blockSize();
        return ofKeys
                ? layout.readKey(blocks.segment(block), blocks.blockByteOffset(block), layerInGroup, kvHead, slot, dim)
                : layout.readValue(blocks.segment(block), blocks.blockByteOffset(block), layerInGroup, kvHead, slot,
                        dim);
    }
}
