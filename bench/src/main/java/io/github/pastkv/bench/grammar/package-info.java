/** What structured output costs. */
@NullMarked
package io.github.pastkv.bench.grammar;

import org.jspecify.annotations.NullMarked;
