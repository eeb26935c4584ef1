package io.github.pastkv.serve.batch;

import org.jspecify.annotations.Nullable;

/**
 * A request that waits for its answer.
 *
 * @param id of its line
 * @param customId how the caller knows it; null for none
 */
record BatchItem(String id, @Nullable String customId, BatchRequest request) {}
