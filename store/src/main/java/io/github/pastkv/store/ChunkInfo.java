package io.github.pastkv.store;

import io.github.pastkv.cache.store.BlockKey;
import io.github.pastkv.cache.store.BlockOrigin;
import io.github.pastkv.cache.store.ChunkKey;

/**
 * What the header of a stored chunk says.
 *
 * @param before key of the block before its first
 * @param firstPosition position of its first token
 * @param numTokens its tokens
 * @param origin what it is of
 */
public record ChunkInfo(ChunkKey key, BlockKey before, long firstPosition, int numTokens, BlockOrigin origin) {}
