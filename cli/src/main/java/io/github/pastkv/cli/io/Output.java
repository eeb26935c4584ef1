package io.github.pastkv.cli.io;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks an option of type {@link java.nio.file.Path} as a file that the command writes. Before the command runs, a
 * place that cannot be written is refused, and so is a file that the command reads or writes under another option.
 */
@Target(ElementType.FIELD)
@Retention(RetentionPolicy.RUNTIME)
public @interface Output {}
