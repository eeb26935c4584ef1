package io.github.pastkv.spark;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cli.Main;
import io.github.pastkv.cli.io.Streams;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import tools.jackson.databind.json.JsonMapper;

/** Runs the command in this process, for files to compare with. */
final class PastKvCommand {
    private PastKvCommand() {}

    static void run(String... args) {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Streams streams =
                new Streams(new ByteArrayInputStream(new byte[0]), new ByteArrayOutputStream(), err, false);
        assertThat(Main.commandLine(streams).execute(args)).as(() -> err.toString(UTF_8)).isZero();
    }

    /** The command line that a result file has recorded: all that differs from a file of another program. */
    static String commandOf(Path result) {
        return JsonMapper.shared().readTree(result.toFile()).path("command").stringValue();
    }
}
