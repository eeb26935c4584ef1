/** Files of numbers made by the reference libraries, and how close to them is close enough. */
@NullMarked
package io.github.pastkv.testkit.golden;

import org.jspecify.annotations.NullMarked;
