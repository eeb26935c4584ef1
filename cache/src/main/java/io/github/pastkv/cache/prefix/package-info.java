/**
 * Prefix caching as its users see it: namespaces, what a prompt would reuse and why, and which prefixes are evicted
 * first.
 */
@NullMarked
package io.github.pastkv.cache.prefix;

import org.jspecify.annotations.NullMarked;
