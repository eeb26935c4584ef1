package io.github.pastkv.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CompletionCommandTest {
    @TempDir Path folder;

    /** What bash offers for the last of some words. */
    private String complete(String words) throws Exception {
        CommandRun script = CommandRun.of("completion", "bash");
        assertThat(script.exitCode()).isZero();
        Path file = Files.writeString(folder.resolve("completion.sh"), script.out());
        String test = "source " + file + "; compopt() { :; }; COMP_WORDS=(" + words + "); "
                + "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _complete_pastkv; echo \"${COMPREPLY[@]}\"";
        Process bash = new ProcessBuilder("bash", "-c", test).redirectErrorStream(true).start();
        return new String(bash.getInputStream().readAllBytes(), UTF_8).strip();
    }

    @ParameterizedTest
    @CsvSource({"pastkv gen, generate", "pastkv k, kv-quality", "pastkv generate --max, --max-new-tokens",
        "pastkv patch --corrupt-t, --corrupt-tokens",
        "pastkv completion ba, bash", "pastkv generate --kv-type q, q8", "pastkv generate --compute b, bf16",
        "pastkv chat --weights s, stored", "pastkv score --kernels v, vector", "pastkv patch --metric norm, normalized",
        "pastkv ablate --by r, resample", "pastkv lens --color al, always"})
    void words_areCompleted(String words, String expected) throws Exception {
        assertThat(complete(words)).isEqualTo(expected);
    }

    @Test
    void files_areCompleted() throws Exception {
        Path file = Files.createFile(folder.resolve("prompts.txt"));
        assertThat(complete("pastkv generate --model " + folder.resolve("pro"))).isEqualTo(file.toString());
        assertThat(complete("pastkv inspect " + folder.resolve("pro"))).isEqualTo(file.toString());
    }

    /** What an interactive zsh makes of some words at the Tab key. */
    private String completeInZsh(String words) throws Exception {
        Path script = Files.writeString(folder.resolve("completion.zsh"), CommandRun.of("completion", "zsh").out());
        Path typing = Files.writeString(folder.resolve("type.zsh"), """
                zmodload zsh/zpty
                zpty shell zsh -f -i
                zpty -w shell "PS1='>'; stty cols 200; source $1; print REA''DY"
                zpty -r shell screen '*READY*' && zpty -r shell screen $'*>\\e*'
                zpty -n -w shell "$2"$'\\tEND'
                zpty -r shell screen '*END*'
                print -r -- "$screen"
                zpty -d shell
                """);
        Path output = folder.resolve("screen");
        ProcessBuilder zsh = new ProcessBuilder("zsh", "-f", typing.toString(), script.toString(), words)
                .directory(folder.toFile()).redirectErrorStream(true).redirectOutput(output.toFile());
        zsh.environment().putAll(Map.of("TERM", "dumb", "HOME", folder.toString()));
        Process process = zsh.start();
        boolean hasEnded = process.waitFor(2, TimeUnit.MINUTES);
        process.destroyForcibly();
        String screen = Files.readString(output);
        assertThat(hasEnded && process.exitValue() == 0).as(screen).isTrue();
        return screen.strip().replaceAll(".\b", "").replaceAll("END$", "|");
    }

    @ParameterizedTest
    @CsvSource({"gen, 'generate |'", "generate --max, '--max-new-tokens |'", "generate --kv-type q, 'q8 |'",
        "completion z, 'zsh |'", "generate --model mod, 'models/|'", "generate --model models/t, 'models/tiny/|'",
        "inspect mod, 'models/|'"})
    void words_areCompletedInZsh(String words, String expected) throws Exception {
        assumeTrue(isThere("zsh"), "needs zsh");
        Files.createDirectories(folder.resolve("models/tiny"));
        assertThat(completeInZsh("pastkv " + words)).endsWith(" " + expected);
    }

    private static boolean isThere(String command) {
        return Stream.of(System.getenv("PATH").split(":")).anyMatch(path -> Files.isExecutable(Path.of(path, command)));
    }

    /** In zsh, which has none, completion must not call it. */
    @Test
    void compopt_isNotMadeToSeemThere() {
        assertThat(CommandRun.of("completion", "zsh").out()).contains("type compopt &>/dev/null && compopt")
                .doesNotContain("alias compopt");
    }

    @Test
    void otherShell_isRefused() {
        CommandRun run = CommandRun.of("completion", "fish");
        assertThat(run.err()).isEqualTo(
                "pastkv: SHELL: 'fish', must be bash or zsh (see pastkv completion --help)\n");
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(CommandRun.of("completion", "zsh").out()).isEqualTo(CommandRun.of("completion", "bash").out());
    }
}
