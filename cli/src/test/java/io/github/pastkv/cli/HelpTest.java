package io.github.pastkv.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Help texts are compared with files, so that they cannot drift unseen. To write them anew: {@code mvn test -pl cli -am
 * -Dtest=HelpTest -Dsurefire.failIfNoSpecifiedTests=false -Dpastkv.updateHelp=true}.
 */
class HelpTest {
    private static final boolean UPDATE = Boolean.getBoolean("pastkv.updateHelp");

    @ParameterizedTest
    @ValueSource(
            strings = {"generate", "chat", "serve", "batch", "logits", "activations", "lens", "attention", "attribute",
                "score",
                "patch",
                "ablate", "acdc", "inspect", "convert", "cache", "tokenize", "detokenize", "bench", "kv-quality",
                "completion"})
    void help_ofCommand_isAsWritten(String command) throws Exception {
        CommandRun run = CommandRun.of(command, "--help");
        assertThat(run.exitCode()).isZero();
        assertThat(run.err()).isEmpty();
        assertIsAsWritten(run.out(), command);
        assertThat(CommandRun.of("help", command).out()).isEqualTo(run.out());
        assertThat(CommandRun.of(command, "-h").out()).isEqualTo(run.out());
    }

    @Test
    void help_ofAll_isAsWritten() throws Exception {
        CommandRun run = CommandRun.of("--help");
        assertThat(run.exitCode()).isZero();
        assertIsAsWritten(run.out(), "pastkv");
    }

    @Test
    void noCommand_printsHelpOnStderr_andIsWrongUse() {
        CommandRun run = CommandRun.of();
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).isEqualTo(CommandRun.of("--help").out());
    }

    @Test
    void version_namesPastKvAndJava() {
        CommandRun run = CommandRun.of("--version");
        assertThat(run.exitCode()).isZero();
        assertThat(run.out().lines().findFirst().orElseThrow()).matches("pastkv \\d+\\.\\d+\\.\\d+.*");
        assertThat(run.out()).contains("Java " + System.getProperty("java.version"));
    }

    private static void assertIsAsWritten(String help, String name) throws IOException, URISyntaxException {
        String file = "help/" + name + ".txt";
        if (UPDATE) {
            Files.writeString(Path.of("src/test/resources").resolve(file), help);
            return;
        }
        Path written = Path.of(HelpTest.class.getResource("/" + file).toURI());
        assertThat(help).isEqualTo(Files.readString(written));
    }
}
