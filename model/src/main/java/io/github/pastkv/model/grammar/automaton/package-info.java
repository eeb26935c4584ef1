/** Grammars as pushdown automata over bytes: which bytes may follow a text, and whether it may end. */
@NullMarked
package io.github.pastkv.model.grammar.automaton;

import org.jspecify.annotations.NullMarked;
