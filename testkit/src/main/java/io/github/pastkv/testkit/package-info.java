/** What tests share: contract tests, reference attention, random operations and golden files. */
@NullMarked
package io.github.pastkv.testkit;

import org.jspecify.annotations.NullMarked;
