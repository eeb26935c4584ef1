/** Families with mixtures of experts. */
@NullMarked
package io.github.pastkv.model.families.moe;

import org.jspecify.annotations.NullMarked;
