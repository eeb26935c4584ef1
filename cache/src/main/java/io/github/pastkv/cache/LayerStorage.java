package io.github.pastkv.cache;

/**
 * Where a layer group is stored.
 *
 * @param layout the layout of its blocks
 * @param blocks the pool of its blocks
 * @param fromLayer its first layer
 */
record LayerStorage(KvLayout layout, BlockPool blocks, int fromLayer) {}
