package io.github.pastkv.cli.options;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cli.CommandRun;
import io.github.pastkv.cli.Main;
import io.github.pastkv.cli.TestModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/** No output option of any command writes over a file that the command reads. */
class OutputGuardTest {
    /** Every option and argument that names a file or folder which a command reads, or a folder that must be new. */
    private static final Set<String> NOT_OUTPUTS = Set.of("* --model", "* PROMPT", "acdc --check", "acdc --pairs",
            "convert --out", "convert FILE.gguf|DIR", "kv-quality --text", "logits --input", "tokenize --input",
            "chat --messages", "chat --resume", "detokenize --input", "patch --pairs", "ablate --set", "score FILE",
            "inspect MODEL",
            "serve --api-key-file", "batch --input",
            "generate --grammar", "generate --json-schema");

    @TempDir Path folder;
    private Path model;

    @BeforeEach
    void copyModel() throws IOException {
        model = Files.createDirectory(folder.resolve("model"));
        for (String file : List.of("config.json", "model.safetensors")) {
            Files.copy(TestModels.folder("llama").resolve(file), model.resolve(file));
        }
    }

    /** A command line without its output options, then each output option. */
    static Stream<List<String>> outputOptions() {
        List<List<String>> all = new ArrayList<>();
        for (CommandLine command : commands()) {
            command.getCommandSpec().options().stream().filter(OutputGuard::isOutput)
                    .forEach(option -> all.add(List.of(command.getCommandName(), option.longestName())));
        }
        return all.stream();
    }

    private static List<CommandLine> commands() {
        return List.copyOf(Main.commandLine(CommandRun.silentStreams()).getSubcommands().values());
    }

    @Test
    void everyPathOption_isAnOutputOrKnownAsInput() {
        Set<String> unknown = new TreeSet<>();
        for (CommandLine command : commands()) {
            for (ArgSpec argument : command.getCommandSpec().args()) {
                String name = argument instanceof OptionSpec option ? option.longestName() : argument.paramLabel();
                boolean isPath = argument.type() == Path.class || argument.auxiliaryTypes()[0] == Path.class;
                if (isPath && !OutputGuard.isOutput(argument) && !NOT_OUTPUTS.contains("* " + name)
                        && !NOT_OUTPUTS.contains(command.getCommandName() + " " + name)) {
                    unknown.add(command.getCommandName() + " " + name);
                }
            }
        }
        assertThat(unknown).as("mark it with @Output, or list it above").isEmpty();
    }

    private CommandRun run(String command, String option, Path output) {
        List<String> args = new ArrayList<>(switch (command) {
            case "logits" -> List.of("logits", "--tokens", "1,2");
            case "activations" -> List.of("activations", "--tokens", "1,2", "--names", "k0");
            case "lens", "attention" -> List.of(command, "--tokens", "1,2");
            case "patch" -> List.of("patch", "--clean-tokens", "1,2", "--corrupt-tokens", "1,3", "--answer-token", "4",
                    "--wrong-token", "5", "--grid", "resid_pre");
            case "ablate" -> List.of("ablate", "--tokens", "1,2", "--answer-token", "4", "--wrong-token", "5", "--by",
                    "zero", "--grid", "resid_pre");
            case "acdc" -> List.of("acdc", "--clean-tokens", "1,2", "--corrupt-tokens", "1,3", "--threshold", "1");
            case "attribute" -> List.of("attribute", "--answer", "a", "b");
            case "batch" -> List.of("batch", "--input", folder.resolve("in.jsonl").toString());
            default -> throw new AssertionError("say how to run " + command);
        });
        if (!option.equals("--out") && !Set.of("lens", "attention", "attribute", "batch").contains(command)) {
            args.addAll(List.of("--out", folder.resolve("other.json").toString()));
        }
        args.addAll(List.of("--model", model.toString(), option, output.toString()));
        return CommandRun.of(args.toArray(String[]::new));
    }

    @ParameterizedTest
    @MethodSource("outputOptions")
    void modelFile_isNeverWrittenOver(List<String> commandAndOption) throws IOException {
        String option = commandAndOption.getLast();
        byte[] before = Files.readAllBytes(model.resolve("model.safetensors"));
        Path link = Files.createSymbolicLink(folder.resolve("link.json"), model.resolve("model.safetensors"));
        Path hardLink = Files.createLink(folder.resolve("hard.json"), model.resolve("model.safetensors"));
        Path roundabout = folder.resolve("model/../model/model.safetensors");
        for (Path output : List.of(model.resolve("model.safetensors"), model.resolve("config.json"), link, hardLink,
                roundabout)) {
            CommandRun run = run(commandAndOption.getFirst(), option, output);
            assertThat(run.err()).startsWith("pastkv: " + option + ": " + output + " is read by this command (--model)")
                    .hasLineCount(1);
            assertThat(run.exitCode()).isEqualTo(2);
        }
        assertThat(Files.readAllBytes(model.resolve("model.safetensors"))).isEqualTo(before);
    }

    @Test
    void inputFile_isNeverWrittenOver() throws IOException {
        Path input = Files.writeString(folder.resolve("batch.json"), "{\"tokens\": [[1, 2]]}");
        CommandRun run = CommandRun.of("logits", "--model", model.toString(), "--input", input.toString(), "--out",
                input.toString());
        assertThat(run.err()).contains("--out: " + input + " is read by this command (--input)");
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(input).hasContent("{\"tokens\": [[1, 2]]}");
    }

    @Test
    void shippedModel_isNeverWrittenOver() throws IOException {
        Path weights = TinyModelFolder.require().resolve("model.safetensors");
        assertThat(CommandRun.of("logits", "--tokens", "1,2", "--out", weights.toString()).err())
                .contains("is read by this command (--model)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/dev/full", "no-such-folder/x", "."})
    void placeThatCannotTakeAFile_isAnErrorThatNamesIt(String place) {
        Path output = place.startsWith("/") ? Path.of(place) : folder.resolve(place);
        CommandRun run = run("logits", "--out", output);
        assertThat(run.err()).startsWith("pastkv: ").contains(place.equals(".") ? "is a folder" : output.getFileName()
                .toString().equals("x") ? "there is no folder" : "/dev/full: could not be written: No space left");
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(output).satisfiesAnyOf(path -> assertThat(path).doesNotExist(),
                path -> assertThat(Files.isRegularFile(path)).isFalse());
    }

    @Test
    void linkToAResult_staysALink_andNothingElseIsLeft() throws IOException {
        Path results = Files.createDirectory(folder.resolve("results"));
        Path target = Files.writeString(results.resolve("target.safetensors"), "old");
        Path link = Files.createSymbolicLink(results.resolve("link.safetensors"), target);
        assertThat(run("logits", "--out", link).exitCode()).isZero();
        assertThat(link).isSymbolicLink();
        assertThat(Files.size(target)).isGreaterThan(3);
        try (Stream<Path> files = Files.list(results)) {
            assertThat(files.sorted(Comparator.naturalOrder()).toList()).isEqualTo(Arrays.asList(link, target));
        }
    }
}
