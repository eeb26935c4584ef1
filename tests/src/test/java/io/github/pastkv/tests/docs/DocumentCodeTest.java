package io.github.pastkv.tests.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Every line of Java in a document, or in a snippet of a comment, occurs in a test or example that the build compiles
 * and runs, or in a project of {@code examples}, which {@code .ci/packages} builds and runs.
 */
class DocumentCodeTest {
    @Test
    void everyLineOfJava_isCompiled() {
        Set<String> compiled = Repository.javaSources().entrySet().stream()
                .filter(source -> isRun(Repository.name(source.getKey())))
                .flatMap(source -> source.getValue().lines().map(DocumentCodeTest::normalized))
                .collect(Collectors.toSet());
        List<String> missing = new ArrayList<>();
        int numLines = 0;
        for (Map.Entry<Path, List<String>> document : blocks().entrySet()) {
            for (String block : document.getValue()) {
                for (String line : block.lines().map(DocumentCodeTest::normalized).toList()) {
                    numLines++;
                    if (!compiled.contains(line) && !line.isEmpty()) {
                        missing.add(Repository.name(document.getKey()) + ": " + line);
                    }
                }
            }
        }
        assertThat(missing).as("lines of Java that no test or example has").isEmpty();
        assertThat(numLines).isGreaterThan(60);
    }

    /** Code blocks of the documents, and the snippets of comments in sources. */
    private static Map<Path, List<String>> blocks() {
        Map<Path, List<String>> blocks = new TreeMap<>();
        Repository.documents().forEach((file, text) -> blocks.put(file, Repository.codeBlocks(text, "java")));
        Repository.javaSources().forEach((file, text) -> blocks.put(file, Repository.snippets(text)));
        return blocks;
    }

    private static boolean isRun(String file) {
        return file.startsWith("tests/src/test/java/io/github/pastkv/tests/docs/") || file.startsWith("examples/")
                || file.startsWith("langchain4j/src/test/") || file.startsWith("spring-ai/src/test/")
                || file.matches("[\\w-]+/src/test/.*Snippets\\.java")
                || file.startsWith("spark/src/test/java/io/github/pastkv/spark/docs/");
    }

    private static String normalized(String line) {
        return line.strip().replaceAll("\\s+", " ");
    }
}
