/**
 * What has been read survives: chunks of blocks in one self-describing format, and the tiers that keep them. A tier
 * keeps bytes under names and decides nothing about correctness; {@code TierStore} writes and verifies the format.
 */
@NullMarked
package io.github.pastkv.store;

import org.jspecify.annotations.NullMarked;
