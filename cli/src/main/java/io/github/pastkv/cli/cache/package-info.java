/** The command that shows and tends cache tiers. */
@NullMarked
package io.github.pastkv.cli.cache;

import org.jspecify.annotations.NullMarked;
