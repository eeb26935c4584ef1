/**
 * An interpreter for the templates of Jinja that chat templates are written in. Its reference is Python's Jinja 3.1 in
 * the environment of transformers ({@code ImmutableSandboxedEnvironment} with {@code trim_blocks},
 * {@code lstrip_blocks} and loop controls): what it supports it renders to the same characters, and it refuses the rest
 * by name.
 *
 * <p>A template is parsed ({@code Lexer}, {@code Parser}) into statements ({@code Stmt}) and expressions
 * ({@code Expr}), which {@code Renderer} and {@code Evaluator} walk. Package {@code python} has the values and their
 * operators.
 */
@NullMarked
package io.github.pastkv.chat.jinja;

import org.jspecify.annotations.NullMarked;
