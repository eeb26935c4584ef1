/** A cache tier on a Redis or Valkey server. */
@NullMarked
package io.github.pastkv.store.redis;

import org.jspecify.annotations.NullMarked;
