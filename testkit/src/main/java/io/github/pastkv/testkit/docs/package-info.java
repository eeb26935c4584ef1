/** Code blocks of documents, for tests that run them. */
@NullMarked
package io.github.pastkv.testkit.docs;

import org.jspecify.annotations.NullMarked;
