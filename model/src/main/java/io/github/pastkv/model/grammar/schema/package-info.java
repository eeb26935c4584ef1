/** JSON schemas as rules of a grammar of JSON texts. */
@NullMarked
package io.github.pastkv.model.grammar.schema;

import org.jspecify.annotations.NullMarked;
