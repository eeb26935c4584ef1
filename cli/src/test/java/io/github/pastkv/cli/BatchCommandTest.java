package io.github.pastkv.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BatchCommandTest {
    private static final String GOOD = "{\"prompt\": \"Once upon a time\", \"max_tokens\": 3, \"temperature\": 0}";

    @TempDir Path folder;

    private CommandRun run(List<String> lines, String... more) throws Exception {
        Path input = Files.write(folder.resolve("in.jsonl"), lines);
        return CommandRun.of(Stream.concat(Stream.of("batch", "--input",
                input.toString(), "--output", folder.resolve("out.jsonl").toString()),
                Stream.of(more)).toArray(String[]::new));
    }

    private List<String> answers() throws Exception {
        return Files.readAllLines(folder.resolve("out.jsonl"));
    }

    @Test
    void batch_answersEachLine_andSaysWhatItDid() throws Exception {
        CommandRun run = run(List.of(GOOD, "{\"prompt\": \"Once upon a day\", \"model\": \"mine\"}"),
                "--model-name", "mine");
        assertThat(run.err()).matches("pastkv: 2 of 2 lines, .* tokens/s, .* % of the prompts' tokens reused\\R");
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).isEmpty();
        assertThat(answers()).hasSize(2).allMatch(line -> line.contains("\"status_code\":200"));

        CommandRun again = run(List.of(GOOD), "--model-name", "mine");
        assertThat(again.exitCode()).isEqualTo(1);
        assertThat(again.err()).contains("out.jsonl: line 2 answers no request of this batch").hasLineCount(1);
    }

    @Test
    void linesWithErrors_areCounted() throws Exception {
        CommandRun run = run(List.of(GOOD, "{\"prompt\": 3}", "{\"prompt\": \"a\", \"model\": \"gpt-4o\"}"));
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains("pastkv: 3 of 3 lines, 2 failed").contains("2 of 3 lines have errors");
        assertThat(answers()).hasSize(3);
        assertThat(answers().get(2)).contains("model: 'gpt-4o' is not served here, only [tiny]");
    }

    @Test
    void wrongUse_isRefused() throws Exception {
        assertThat(CommandRun.of("batch").err()).contains("--input");
        assertThat(run(List.of(GOOD), "--max-running", "0").err()).contains("--max-running: 0, must be in [1, 4096]");
        Path file = folder.resolve("in.jsonl");
        CommandRun same = CommandRun.of("batch", "--input", file.toString(), "--output", file.toString());
        assertThat(same.exitCode()).isEqualTo(2);
        assertThat(same.err()).contains("is read by this command");
        assertThat(CommandRun.of("batch", "--input", folder.resolve("none").toString(), "--output",
                folder.resolve("out").toString()).err()).contains("none: is no file");
    }
}
