package io.github.pastkv.cli.sweep;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** A command line as text that a POSIX shell reads back as the same arguments. */
final class CommandLineText {
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_./:,=+%@-]+");

    private CommandLineText() {}

    /** {@code pastkv} and its arguments, quoted where they need it. */
    static String of(List<String> arguments) {
        return arguments.stream().map(CommandLineText::quoted).collect(Collectors.joining(" ", "pastkv ", ""));
    }

    private static String quoted(String argument) {
        return PLAIN.matcher(argument).matches() ? argument : "'" + argument.replace("'", "'\\''") + "'";
    }
}
