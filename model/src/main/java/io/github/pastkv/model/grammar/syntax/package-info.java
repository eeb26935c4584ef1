/** Readers of regular expressions and of GBNF. */
@NullMarked
package io.github.pastkv.model.grammar.syntax;

import org.jspecify.annotations.NullMarked;
