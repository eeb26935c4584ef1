/** Golden models and files of reference libraries, and tolerances. */
@NullMarked
package io.github.pastkv.testkit.golden;

import org.jspecify.annotations.NullMarked;
