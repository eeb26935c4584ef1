package io.github.pastkv.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.serve.NamedModel;
import io.github.pastkv.serve.PastKvServer;
import io.github.pastkv.serve.ServeOptions;
import io.github.pastkv.testkit.docs.CodeBlock;
import io.github.pastkv.testkit.model.TinyModelFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The Python of the documents, and of the notebook, runs after the commands beside it, with the files that these have
 * written and a server of the shipped model. It needs a Python with numpy, safetensors and openai, named by
 * {@code -Dpastkv.python} ({@code python3} unless given).
 */
class PythonDocumentsTest {
    private static final Path ROOT = Path.of("..");
    private static final String PYTHON = System.getProperty("pastkv.python", "python3");

    private static Model model;
    private static PastKvServer server;

    @TempDir private Path folder;

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        Path probe = Files.writeString(Files.createTempFile("pastkv", ".py"), "import numpy, safetensors, openai\n");
        String failure = python(probe);
        Files.delete(probe);
        assumeTrue(failure.isEmpty(), () -> PYTHON + " does not import numpy, safetensors and openai: " + failure);
        model = Model.load(TinyModelFolder.require(), ModelOptions.defaults());
        server = PastKvServer.start(ServeOptions.defaults().withPort(0),
                List.of(new NamedModel("tiny", model, SessionOptions.defaults())));
    }

    @AfterAll
    static void stop() {
        if (server != null) {
            server.close();
            model.close();
        }
    }

    @Test
    void python_runs() throws IOException, InterruptedException {
        run(CodeBlock.of(Files.readString(ROOT.resolve("docs/python.md"))).stream());
    }

    @Test
    void serving_runs() throws IOException, InterruptedException {
        run(CodeBlock.of(Files.readString(ROOT.resolve("docs/serving.md"))).stream()
                .filter(block -> block.language().equals("python")));
    }

    @Test
    void notebook_runs() throws IOException, InterruptedException {
        JsonNode notebook =
                JsonMapper.shared().readTree(Files.readString(ROOT.resolve("docs/notebooks/read-pastkv.ipynb")));
        StringBuilder document = new StringBuilder();
        for (JsonNode cell : notebook.path("cells")) {
            String source = cell.path("source").valueStream().map(JsonNode::asString).collect(Collectors.joining());
            if (cell.path("cell_type").asString().equals("code")) {
                assertThat(cell.path("outputs")).isEmpty();
                document.append(source.startsWith("!") ? "```sh\n" + source.substring(1) : "```python\n" + source)
                        .append("\n```\n");
            }
        }
        run(CodeBlock.of(document.toString()).stream());
    }

    /** Commands first, each in this process, then all of the Python as one program in the folder of their files. */
    private void run(Stream<CodeBlock> blocks) throws IOException, InterruptedException {
        Path models = TinyModelFolder.require();
        StringBuilder program = new StringBuilder();
        for (CodeBlock block : blocks.toList()) {
            if (block.language().equals("python")) {
                program.append(block.text());
            } else if (block.language().equals("sh")) {
                for (ShellLine line : ShellLine.of(block.text())) {
                    CommandRun run = DocumentShellCommandsTest.run(line, folder, models);
                    assertThat(run.exitCode()).as(line + ": " + run.err()).isZero();
                }
            }
        }
        assertThat(program).isNotEmpty();
        Path tool = folder.resolve("tools/chunk/read_chunk.py");
        Files.createDirectories(tool.getParent());
        Files.copy(ROOT.resolve("tools/chunk/read_chunk.py"), tool);
        Path script = folder.resolve("document.py");
        Files.writeString(script, program.toString().replace(":8273/", ":" + server.port() + "/"));
        assertThat(python(script)).as(program.toString()).isEmpty();
    }

    /** Runs a program in its folder. Returns what it printed if it failed, or nothing. */
    private static String python(Path script) throws IOException, InterruptedException {
        Path output = Files.createTempFile("pastkv", ".out");
        try {
            Process process = new ProcessBuilder(PYTHON, script.toString()).directory(script.getParent().toFile())
                    .redirectErrorStream(true).redirectOutput(output.toFile()).start();
            boolean hasEnded = process.waitFor(5, TimeUnit.MINUTES);
            process.destroyForcibly();
            return hasEnded && process.exitValue() == 0 ? "" : "failed: " + Files.readString(output);
        } catch (IOException e) {
            return String.valueOf(e.getMessage());
        } finally {
            Files.delete(output);
        }
    }
}
