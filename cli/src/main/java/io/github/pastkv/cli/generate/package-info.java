/** Text from a prompt: {@code pastkv generate}. */
@NullMarked
package io.github.pastkv.cli.generate;

import org.jspecify.annotations.NullMarked;
