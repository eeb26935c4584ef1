package io.github.pastkv.testkit.docs;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A code block of a Markdown document, and what a comment on the line before it says of it: {@code <!-- not run: REASON
 * -->}, or {@code <!-- file: NAME -->} if other blocks of the document read it as a file of this name.
 *
 * @param line number of the line that opens the block, from 1 on
 * @param language the word after the fence; empty if there is none, or if the block is indented and has no fence
 * @param notRun the reason why the block is not run
 * @param file the name of the file that the block shows
 * @param text the lines of the block, each with its end
 */
public record CodeBlock(int line, String language, Optional<String> notRun, Optional<String> file, String text) {
    private static final Pattern FENCE = Pattern.compile("^( *)(`{3,})(\\w*)$");
    private static final Pattern MARKER = Pattern.compile("^ *<!-- (not run|file): (.+) -->$");

    /** The blocks of a document, in order. */
    public static List<CodeBlock> of(String document) {
        List<CodeBlock> blocks = new ArrayList<>();
        List<String> lines = document.lines().toList();
        for (int i = 0; i < lines.size(); i++) {
            Matcher fence = FENCE.matcher(lines.get(i));
            boolean isAfterBlank = i == 0 || lines.get(i - 1).isBlank();
            if (fence.matches()) {
                int end = i + 1 + lines.subList(i + 1, lines.size()).indexOf(fence.group(1) + fence.group(2));
                if (end == i) {
                    throw new IllegalArgumentException("line " + (i + 1) + ": a code block without an end");
                }
                blocks.add(block(lines, i, end, fence.group(3)));
                i = end;
            } else if (isAfterBlank && lines.get(i).startsWith("    ") && !isInList(lines, i)) {
                blocks.add(block(lines, i - 1, i + 1, ""));
            }
        }
        return blocks;
    }

    /** Indented text belongs to a list if the nearest line before it that is not indented is an item. */
    private static boolean isInList(List<String> lines, int line) {
        for (int i = line - 1; i >= 0; i--) {
            if (!lines.get(i).isBlank() && !lines.get(i).startsWith(" ")) {
                return lines.get(i).matches("(- |\\d+\\. ).*");
            }
        }
        return false;
    }

    private static CodeBlock block(List<String> lines, int open, int end, String language) {
        Matcher marker = MARKER.matcher(open > 0 ? lines.get(open - 1) : "");
        boolean isMarked = marker.matches();
        return new CodeBlock(open + 1, language,
                isMarked && marker.group(1).equals("not run") ? Optional.of(marker.group(2)) : Optional.empty(),
                isMarked && marker.group(1).equals("file") ? Optional.of(marker.group(2)) : Optional.empty(),
                String.join("\n", lines.subList(open + 1, end)) + "\n");
    }
}
