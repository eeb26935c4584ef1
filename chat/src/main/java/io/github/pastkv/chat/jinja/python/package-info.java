/**
 * The part of Python that templates use: its values, operators, and methods of values. Values are Java objects that
 * stand for Python's: {@code String}, {@code Boolean}, {@code Long} or {@code BigInteger}, {@code Double},
 * {@code List}, {@code Map}, and the classes of this package. An error is a {@code TemplateError}, and a {@code Budget}
 * bounds steps, depth, characters and time.
 */
@NullMarked
package io.github.pastkv.chat.jinja.python;

import org.jspecify.annotations.NullMarked;
