package io.github.pastkv.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands of the tutorial, as they are written there, and the numbers that it tells. */
class TutorialTest {
    private static final Path TUTORIAL = Path.of("../docs/tutorials/find-the-name-mover.md");
    private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|(\\S+)");
    private static final Pattern FILE = Pattern.compile("\\w+\\.(json|png|dot)");

    @TempDir private Path folder;

    @Test
    void everyCommand_runs_andSaysWhatTheTutorialSays() throws IOException {
        List<String> commands =
                Files.readAllLines(TUTORIAL).stream().filter(line -> line.startsWith("./pastkv ")).toList();
        assertThat(commands).hasSize(6);
        StringBuilder all = new StringBuilder();
        for (String command : commands) {
            CommandRun run = CommandRun.of(words(command.substring("./pastkv ".length())).toArray(String[]::new));
            assertThat(run.exitCode()).as(command + run.err()).isZero();
            all.append(run.out()).append(run.err());
        }
        assertThat(all).contains("drink to Mary", "96 % ·John(9)", "91 % ·John(9)    6 % ·John(3)",
                "9 of 784 edges kept; kl of the circuit alone 0.69", "corrupted prompt 13.67",
                "13 of 784 edges kept; kl of the circuit alone 0.09");
        assertThat(folder.resolve("grids.resid_pre.png")).exists();
        assertThat(folder.resolve("circuit.dot")).exists();
    }

    private List<String> words(String command) {
        List<String> words = new ArrayList<>();
        WORD.matcher(command).results().forEach(word -> {
            String text = word.group(1) == null ? word.group(2) : word.group(1);
            words.add(FILE.matcher(text).matches() ? folder.resolve(text).toString() : text);
        });
        return words;
    }
}
