/**
 * An interpreter for the templates of Jinja that chat templates are written in. Its reference is Python's Jinja 3.1 in
 * the environment of transformers ({@code ImmutableSandboxedEnvironment} with {@code trim_blocks},
 * {@code lstrip_blocks} and loop controls): what it supports it renders to the same characters, and it refuses the rest
 * by name.
 *
 * <p>A template is parsed ({@code Lexer}, {@code Parser}) into statements ({@code Stmt}) and expressions
 * ({@code Expr}), which {@code Renderer} and {@code Evaluator} walk. Values are Java objects that stand for Python's:
 * {@code String}, {@code Boolean}, {@code Long} or {@code BigInteger}, {@code Double}, {@code List}, {@code Map}, and
 * the classes of this package. {@code Python} holds the semantics of its operators. A {@code Budget} bounds steps,
 * depth, characters and time.
 */
@NullMarked
package io.github.pastkv.chat.jinja;

import org.jspecify.annotations.NullMarked;
