/**
 * Llama and the families that share most of its configuration keys: RoPE, RMSNorm or LayerNorm, a feed-forward block
 * with or without a gate.
 */
@NullMarked
package io.github.pastkv.model.families.llama;

import org.jspecify.annotations.NullMarked;
