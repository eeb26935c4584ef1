/** Public API of prefix caching: the index, namespaces, explanations and eviction policies. */
@NullMarked
package io.github.pastkv.cache.prefix;

import org.jspecify.annotations.NullMarked;
