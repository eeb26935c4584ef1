package io.github.pastkv.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every command and option of pastkv that a document shows is one that the command has. */
class DocumentCommandsTest {
    /** A line of a code block, or code in a sentence. */
    private static final Pattern COMMAND =
            Pattern.compile(
                    "(?m)^\\s*(?:\\$ )?(?:\\./)?pastkv ([a-z-]+)\\b(.*)$|`(?:\\./)?pastkv ([a-z-]+)\\b([^`]*)`");
    private static final Pattern OPTION = Pattern.compile("(?<![\\w-])--[a-z][a-z-]*");
    private static final Pattern OPTION_ALONE = Pattern.compile("`(--[a-z][a-z-]*)[^`]*`");
    private static final Set<String> OTHER_OPTIONS =
            Set.of("--add-modules", "--enable-native-access", "--version", "--trace", "--suffix", "--list", "--seed");
    private static final Map<String, String> HELP = new HashMap<>();

    @Test
    void everyCommandAndOption_exists() throws IOException {
        List<String> unknown = new ArrayList<>();
        int numCommands = 0;
        for (Path document : documents()) {
            String text = Files.readString(document);
            for (MatchResult match : COMMAND.matcher(text).results().toList()) {
                boolean inBlock = match.group(1) != null;
                String command = match.group(inBlock ? 1 : 3);
                String help = help(command);
                numCommands++;
                if (help.isEmpty()) {
                    unknown.add(document + ": pastkv " + command);
                }
                String options = match.group(inBlock ? 2 : 4).replaceAll("\"[^\"]*\"", "");
                OPTION.matcher(options).results().map(MatchResult::group).filter(option -> !hasOption(help, option))
                        .forEach(option -> unknown.add(document + ": pastkv " + command + " " + option));
            }
        }
        assertThat(unknown).isEmpty();
        assertThat(numCommands).isGreaterThan(30);
    }

    @Test
    void everyOptionNamedAlone_isOneOfSomeCommand() throws IOException {
        String all = String.join("\n", commands().stream().map(DocumentCommandsTest::help).toList());
        List<String> unknown = new ArrayList<>();
        for (Path document : documents()) {
            OPTION_ALONE.matcher(Files.readString(document)).results().map(option -> option.group(1))
                    .filter(option -> !hasOption(all, option) && !OTHER_OPTIONS.contains(option))
                    .forEach(option -> unknown.add(document + ": " + option));
        }
        assertThat(unknown).isEmpty();
    }

    @Test
    void readme_namesEveryCommand() throws IOException {
        String readme = Files.readString(Path.of("../README.md"));
        assertThat(commands()).hasSizeGreaterThan(10).allMatch(readme::contains);
    }

    private static boolean hasOption(String help, String option) {
        return Pattern.compile("(?<![\\w-])" + option + "(?![\\w-])").matcher(help).find();
    }

    /** The commands that the help of all lists. */
    private static Set<String> commands() {
        Set<String> commands = new TreeSet<>();
        Pattern.compile("(?m)^  ([a-z][a-z-]*)\\b").matcher(CommandRun.of("--help").out()).results()
                .forEach(command -> commands.add(command.group(1)));
        return commands;
    }

    /** Empty if there is no such command. */
    private static String help(String command) {
        return HELP.computeIfAbsent(command, name -> {
            CommandRun run = CommandRun.of(name, "--help");
            return run.exitCode() == 0 ? run.out() : "";
        });
    }

    private static List<Path> documents() throws IOException {
        List<Path> documents = new ArrayList<>();
        for (Path folder : List.of(Path.of(".."), Path.of("../docs"))) {
            try (Stream<Path> files = Files.walk(folder, folder.endsWith("docs") ? 9 : 1)) {
                files.filter(file -> file.toString().endsWith(".md")).forEach(documents::add);
            }
        }
        return documents;
    }
}
