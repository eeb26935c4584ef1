package io.github.pastkv.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
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
