/** Attention masks: which slots of a token matrix are real tokens. */
@NullMarked
package io.github.pastkv.cache.mask;

import org.jspecify.annotations.NullMarked;
