package io.github.pastkv.tests.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import jdk.jshell.JShell;
import jdk.jshell.Snippet;
import jdk.jshell.SnippetEvent;
import jdk.jshell.SourceCodeAnalysis.CompletionInfo;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The Java of a document, pasted into JShell from its beginning to its end, after the start script of tools/jshell. */
class DocumentShellTest {
    @ParameterizedTest
    @ValueSource(strings = {"coming-from-transformerlens.md", "jshell.md"})
    void everySnippet_runsAsItStands(String document) throws IOException {
        Path root = Repository.ROOT;
        String start = Files.readString(root.resolve("tools/jshell/pastkv.jsh"));
        try (JShell shell = JShell.builder().executionEngine("local").build()) {
            shell.addToClasspath(
                    System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
            run(shell, start);
            List<String> blocks =
                    Repository.codeBlocks(Files.readString(root.resolve("docs").resolve(document)), "java");
            assertThat(blocks).isNotEmpty();
            blocks.forEach(block -> run(shell, block));
        }
    }

    private static void run(JShell shell, String code) {
        for (String rest = code; !rest.isBlank();) {
            CompletionInfo next = shell.sourceCodeAnalysis().analyzeCompletion(rest);
            assertThat(next.completeness().isComplete()).as("not complete: %s", rest).isTrue();
            for (SnippetEvent event : shell.eval(next.source())) {
                List<String> problems = new ArrayList<>();
                shell.diagnostics(event.snippet()).forEach(each -> problems.add(each.getMessage(null)));
                assertThat(event.exception()).as(event.snippet().source()).isNull();
                assertThat(event.status()).as("%s: %s", event.snippet().source(), problems)
                        .isIn(Snippet.Status.VALID, Snippet.Status.OVERWRITTEN);
            }
            rest = next.remaining();
        }
    }
}
