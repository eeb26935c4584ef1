package io.github.pastkv.cli.io;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.OverwrittenOptionException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Says in one sentence what is wrong with the arguments of a command. */
final class UsageErrors {
    /** What picocli puts before the reason why a value was refused. */
    private static final Pattern INVALID_VALUE =
            Pattern.compile("Invalid value for (?:option|positional parameter) .*?: (?=')(.*)", Pattern.DOTALL);

    /** A number that Java could not read, with the Java type's name. */
    private static final Pattern NOT_A_NUMBER = Pattern.compile("'(.*)' is not an? (int|long|double)", Pattern.DOTALL);

    private UsageErrors() {}

    /** The sentence, without its full stop. */
    static String describe(ParameterException e) {
        return switch (e) {
            case UnmatchedArgumentException unmatched -> unmatched(unmatched);
            case MissingParameterException missing -> missing(missing);
            case OverwrittenOptionException twice -> name(twice.getOverwritten()) + ": is given twice";
            default -> invalid(e);
        };
    }

    private static String unmatched(UnmatchedArgumentException e) {
        CommandLine command = e.getCommandLine();
        String argument = e.getUnmatched().getFirst();
        if (argument.startsWith("-") && argument.length() > 1) {
            List<String> names = command.getCommandSpec().options().stream()
                    .flatMap(option -> Stream.of(option.names())).toList();
            String written = argument.split("=", 2)[0];
            return "there is no option " + written + suggestion(written, names)
                    + (takesPrompt(command) ? "; before a prompt that begins with -, write --" : "");
        }
        if (!command.getSubcommands().isEmpty()) {
            return "there is no command " + argument + suggestion(argument, command.getSubcommands().keySet());
        }
        return "unexpected argument '" + argument + "'"
                + (takesPrompt(command) ? "; a prompt of several words goes in quotes" : "");
    }

    private static boolean takesPrompt(CommandLine command) {
        return command.getCommandSpec().positionalParameters().stream()
                .anyMatch(argument -> argument.paramLabel().equals("PROMPT"));
    }

    /** The likeliest of some words, if any is close enough to be a slip of the hand. */
    private static String suggestion(String written, Collection<String> words) {
        Optional<String> closest = words.stream().min(Comparator.comparingInt(word -> editDistance(written, word)));
        return closest.filter(word -> editDistance(written, word) <= Math.max(2, written.length() / 4))
                .map(word -> ", did you mean " + word + "?").orElse("");
    }

    /** Levenshtein's distance: letters to insert, leave out or exchange. */
    private static int editDistance(String one, String other) {
        int[] row = new int[other.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= one.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int exchanged = diagonal + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(exchanged, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[row.length - 1];
    }

    /** Required options that are not there, or an option without its value. */
    private static String missing(MissingParameterException e) {
        String message = String.valueOf(e.getMessage());
        if (!message.startsWith("Missing required option")) {
            return e.getMissing().isEmpty() ? message : name(e.getMissing().getFirst()) + ": needs a value ("
                    + e.getMissing().getFirst().paramLabel() + ")";
        }
        return "needs " + String.join(" and ", e.getMissing().stream().map(UsageErrors::usage).toList());
    }

    private static String usage(ArgSpec argument) {
        return name(argument) + (argument instanceof OptionSpec ? " " + argument.paramLabel() : "");
    }

    private static String invalid(ParameterException e) {
        String message = String.valueOf(e.getMessage());
        Matcher invalid = INVALID_VALUE.matcher(message);
        if (!invalid.matches()) {
            return message;
        }
        String reason = invalid.group(1);
        Matcher number = NOT_A_NUMBER.matcher(reason);
        if (number.matches()) {
            boolean isWhole = !number.group(2).equals("double");
            reason = "'" + number.group(1) + "' is not a " + (isWhole ? "whole number" : "number")
                    + (isWhole && number.group(1).matches("[-+]?\\d+") ? " in the range of this option" : "");
        }
        @Nullable ArgSpec argument = e.getArgSpec();
        return argument == null ? reason : name(argument) + ": " + reason;
    }

    private static String name(ArgSpec argument) {
        return argument instanceof OptionSpec option ? option.longestName() : argument.paramLabel();
    }
}
