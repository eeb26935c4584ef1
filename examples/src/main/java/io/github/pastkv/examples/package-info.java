/** The cache used alone. */
@NullMarked
package io.github.pastkv.examples;

import org.jspecify.annotations.NullMarked;
