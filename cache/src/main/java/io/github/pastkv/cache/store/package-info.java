/**
 * Storage beneath the prefix index: the contract that a store of blocks keeps, the stable key and the checked content
 * of a block, and a store in memory. What a store returns is verified before it is used; anything else is a miss.
 */
@NullMarked
package io.github.pastkv.cache.store;

import org.jspecify.annotations.NullMarked;
