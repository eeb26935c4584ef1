package io.github.pastkv.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.serve.NamedModel;
import io.github.pastkv.serve.PastKvServer;
import io.github.pastkv.serve.ServeOptions;
import io.github.pastkv.testkit.docs.CodeBlock;
import io.github.pastkv.testkit.model.TinyModelFolder;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The commands of shell blocks run as they are written: those of pastkv in this process, those of curl against a server
 * of the shipped model. The shipped model also stands for each folder below {@code /models}, and a temporary folder for
 * the folders that a document writes to. A server runs until it is stopped, so its options are only read here;
 * {@code ProcessTest} starts one. Every other command needs a reason why it is not run.
 */
class DocumentShellCommandsTest {
    private static final Path ROOT = Path.of("..");
    /** {@code TutorialTest} runs its commands, and compares what they print. */
    private static final String TUTORIAL = "find-the-name-mover.md";
    /** Files that a document leaves to its reader. */
    private static final Map<String, String> INPUTS = Map.of(
            "story.txt", "Once upon a time there was a red bird. ".repeat(8),
            "requests.jsonl", "{\"prompt\": \"Once upon a time\", \"max_tokens\": 5}\n");

    private static Path models;
    private static Model model;
    private static PastKvServer server;

    @TempDir private Path folder;

    @BeforeAll
    static void start() throws IOException {
        models = TinyModelFolder.require();
        model = Model.load(models, ModelOptions.defaults());
        server = PastKvServer.start(ServeOptions.defaults().withPort(0),
                List.of(new NamedModel("tiny", model, SessionOptions.defaults())));
    }

    @AfterAll
    static void stop() {
        server.close();
        model.close();
    }

    @ParameterizedTest
    @MethodSource("documents")
    void everyCommand_runs_orSaysWhyNot(Path document) throws IOException, InterruptedException {
        List<CodeBlock> blocks = CodeBlock.of(Files.readString(document));
        for (Map.Entry<String, String> input : INPUTS.entrySet()) {
            write(input.getKey(), input.getValue());
        }
        for (CodeBlock block : blocks) {
            if (block.file().isPresent()) {
                write(block.file().get(), block.text());
            }
        }
        for (CodeBlock block : blocks.stream().filter(each -> each.language().equals("sh")).toList()) {
            for (ShellLine line : ShellLine.of(block.text())) {
                check(line, block.notRun().isPresent(), document + ":" + block.line() + " " + line.words());
            }
        }
    }

    private void check(ShellLine line, boolean isNotRun, String name) throws IOException, InterruptedException {
        String program = line.words().getFirst();
        if (program.endsWith("pastkv")) {
            checkPastKv(line, isNotRun, name);
        } else if (program.equals("curl")) {
            assertThat(statusOf(line.words())).as(name).isEqualTo(200);
        } else {
            assertThat(isNotRun).as(name + " needs a reason why it is not run").isTrue();
        }
    }

    private void checkPastKv(ShellLine line, boolean isNotRun, String name) throws IOException {
        String[] args = placed(line, folder, models);
        assertThatCode(() -> Main.commandLine(CommandRun.silentStreams()).parseArgs(args)).as(name)
                .doesNotThrowAnyException();
        if (!isNotRun && !args[0].equals("serve")) {
            CommandRun run = run(line, folder, models);
            assertThat(run.exitCode()).as(name + ": " + run.err()).isZero();
        }
    }

    /** Runs a command of pastkv whose files are those of a folder. */
    static CommandRun run(ShellLine line, Path folder, Path models) throws IOException {
        byte[] input = line.input().isPresent()
                ? Files.readAllBytes(folder.resolve(line.input().get()))
                : line.typed().replace("/save ", "/save " + folder + "/").getBytes(UTF_8);
        return CommandRun.withInput(input, placed(line, folder, models));
    }

    private static String[] placed(ShellLine line, Path folder, Path models) {
        return line.words().stream().skip(1).map(word -> placed(word, folder, models)).toArray(String[]::new);
    }

    /** A word whose files are those of this test. Words with spaces are texts. */
    private static String placed(String word, Path folder, Path models) {
        if (word.contains(" ")) {
            return word;
        }
        return word.replaceAll("(?<=^|[=:])/(tmp|etc|var)/", folder + "/$1/")
                .replaceAll("^(\\w+=)?/models/[\\w.-]+", "$1" + models)
                .replaceFirst("^file:(?!/)", "file:" + folder + "/").replaceFirst("^docs/", ROOT + "/docs/")
                .replaceFirst("^([\\w-]+\\.(jsonl?|txt|gbnf|png|svg|html|safetensors|chat))$", folder + "/$1");
    }

    private int statusOf(List<String> words) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder();
        List<String> rest = new ArrayList<>(words.subList(1, words.size()));
        while (!rest.isEmpty()) {
            String word = rest.removeFirst();
            switch (word) {
                case "-N" -> {}
                case "-H" -> request.header(rest.getFirst().split(": ")[0], rest.removeFirst().split(": ")[1]);
                case "-d" -> request.POST(HttpRequest.BodyPublishers.ofString(rest.removeFirst()));
                default -> request.uri(URI.create(word.replace(":8273/", ":" + server.port() + "/")));
            }
        }
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(request.build(), HttpResponse.BodyHandlers.ofString()).statusCode();
        }
    }

    /** A file of the document, readable by its owner alone, as files with keys must be. */
    private void write(String name, String text) throws IOException {
        Path file = folder.resolve(name.replaceFirst("^/", ""));
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }

    private static List<Path> documents() throws IOException {
        List<Path> documents = new ArrayList<>();
        for (Map.Entry<String, Integer> place : Map.of(".", 1, "docs", 9, "site", 1).entrySet()) {
            try (Stream<Path> files = Files.walk(ROOT.resolve(place.getKey()), place.getValue())) {
                files.filter(file -> file.toString().endsWith(".md") && !file.endsWith(TUTORIAL))
                        .filter(DocumentShellCommandsTest::hasShell).forEach(documents::add);
            }
        }
        assertThat(documents).hasSizeGreaterThan(6);
        return documents;
    }

    private static boolean hasShell(Path document) {
        try {
            return Files.readString(document).contains("```sh\n");
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
