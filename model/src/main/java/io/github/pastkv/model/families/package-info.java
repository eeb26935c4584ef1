/**
 * The model families that this version supports. A further family is a class in one of the packages below this one, and
 * a line in {@link io.github.pastkv.model.families.Families}.
 */
@NullMarked
package io.github.pastkv.model.families;

import org.jspecify.annotations.NullMarked;
