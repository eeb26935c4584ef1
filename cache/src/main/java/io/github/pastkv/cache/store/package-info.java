/**
 * Second-level storage below the prefix index: the contract of block stores, stable block keys, checksummed blocks, and
 * a store in memory. Blocks from a store are verified before use.
 */
@NullMarked
package io.github.pastkv.cache.store;

import org.jspecify.annotations.NullMarked;
