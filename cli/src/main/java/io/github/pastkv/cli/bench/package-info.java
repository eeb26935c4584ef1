/** Measurements of speed and quality: {@code pastkv bench}, {@code score} and {@code kv-quality}. */
@NullMarked
package io.github.pastkv.cli.bench;

import org.jspecify.annotations.NullMarked;
