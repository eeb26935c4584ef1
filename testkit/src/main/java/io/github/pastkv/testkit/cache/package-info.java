/** What every way of storing and every form of a cache must do, as tests to extend, and the check after each test. */
@NullMarked
package io.github.pastkv.testkit.cache;

import org.jspecify.annotations.NullMarked;
