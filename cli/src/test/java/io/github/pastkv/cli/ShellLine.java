package io.github.pastkv.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A command of a shell block: words, quoted or not, and what it reads.
 *
 * @param words the words without their quotes
 * @param input the file after {@code <}
 * @param typed what a {@code printf} before the command writes to it
 */
record ShellLine(List<String> words, Optional<String> input, String typed) {
    private static final Pattern WORD = Pattern.compile("((?:\"(?:\\\\.|[^\"\\\\])*\"|'[^']*'|[^\\s\"'])+)");
    private static final Pattern QUOTED = Pattern.compile("\"((?:\\\\.|[^\"\\\\])*)\"|'([^']*)'");

    /** The commands of a block. A line that ends with a backslash goes on, and comments are left out. */
    static List<ShellLine> of(String block) {
        return block.replaceAll("\\\\\\R\\s*", " ").lines().map(line -> line.replaceFirst("(^|\\s+)#\\s.*$", ""))
                .filter(line -> !line.isBlank()).map(ShellLine::parse).toList();
    }

    private static ShellLine parse(String line) {
        List<String> words = new ArrayList<>();
        Optional<String> input = Optional.empty();
        for (Matcher word = WORD.matcher(line); word.find();) {
            if (word.group(1).equals("<")) {
                input = word.find() ? Optional.of(word.group(1)) : Optional.empty();
            } else {
                words.add(unquoted(word.group(1)));
            }
        }
        boolean isPiped = words.getFirst().equals("printf") && words.size() > 3 && words.get(2).equals("|");
        return isPiped
                ? new ShellLine(List.copyOf(words.subList(3, words.size())), input, words.get(1).replace("\\n", "\n"))
                : new ShellLine(List.copyOf(words), input, "");
    }

    /** In double quotes a backslash escapes a backslash, as the shell has it. */
    private static String unquoted(String word) {
        return QUOTED.matcher(word).replaceAll(quoted -> Matcher.quoteReplacement(
                quoted.group(1) == null ? quoted.group(2) : quoted.group(1).replace("\\\\", "\\")));
    }
}
