/** Model families: how each spells its configuration and its weights. A further family is one further class. */
@NullMarked
package io.github.pastkv.model.family;

import org.jspecify.annotations.NullMarked;
