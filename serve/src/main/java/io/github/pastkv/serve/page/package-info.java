/** The live page. */
@NullMarked
package io.github.pastkv.serve.page;

import org.jspecify.annotations.NullMarked;
