package io.github.pastkv.tests.parity;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** docs/parity.md has a full row for every behavior, and every test that it names exists. */
class ParityDocumentTest {
    private static final int NUM_TRANSFORMER_LENS = 58;
    private static final int NUM_TORCHTUNE = 55;
    private static final Pattern TEST_NAME = Pattern.compile("`(\\w+)#(\\w+)`");
    private static final Pattern ROW = Pattern.compile("\\| (\\d+) \\|.*");

    private static List<String> lines;
    private static Map<String, String> sources;

    @BeforeAll
    static void read() throws IOException {
        Path root = root();
        lines = Files.readAllLines(root.resolve("docs/parity.md"));
        sources = new HashMap<>();
        for (Path folder : testFolders(root)) {
            try (Stream<Path> files = Files.walk(folder)) {
                files.filter(file -> file.toString().endsWith(".java"))
                        .forEach(file -> sources.merge(className(file), text(file), String::concat));
            }
        }
    }

    /** Those of the modules: what else there is may change, as other modules are built meanwhile. */
    private static List<Path> testFolders(Path root) throws IOException {
        try (Stream<Path> modules = Files.list(root)) {
            return modules.map(module -> module.resolve("src/test/java")).filter(Files::isDirectory).toList();
        }
    }

    /** The repository: the nearest folder upwards that has the document. */
    private static Path root() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("docs/parity.md"))) {
            folder = folder.getParent();
            if (folder == null) {
                throw new IllegalStateException("docs/parity.md is missing");
            }
        }
        return folder;
    }

    private static String className(Path file) {
        return file.getFileName().toString().replace(".java", "");
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Cells of the numbered rows below a heading. */
    private static List<List<String>> rowsOf(String heading) {
        List<List<String>> rows = new ArrayList<>();
        boolean inside = false;
        for (String line : lines) {
            if (line.startsWith("## ")) {
                inside = line.equals("## " + heading);
            } else if (inside && ROW.matcher(line).matches()) {
                String[] cells = line.substring(1).split("\\|", -1);
                rows.add(Stream.of(cells).limit(cells.length - 1L).map(String::strip).toList());
            }
        }
        return rows;
    }

    @Test
    void tables_haveOneRowPerNumber() {
        assertThat(rowsOf("TransformerLens")).extracting(row -> Integer.valueOf(row.getFirst()))
                .containsExactlyElementsOf(IntStream.rangeClosed(1, NUM_TRANSFORMER_LENS).boxed().toList());
        assertThat(rowsOf("torchtune")).extracting(row -> Integer.valueOf(row.getFirst()))
                .containsExactlyElementsOf(IntStream.rangeClosed(1, NUM_TORCHTUNE).boxed().toList());
    }

    @Test
    void rows_areFull_andEndInATestOrAReason() {
        for (String heading : List.of("TransformerLens", "torchtune")) {
            for (List<String> row : rowsOf(heading)) {
                assertThat(row).as("%s %s", heading, row.getFirst()).hasSize(4).noneMatch(String::isEmpty);
                assertThat(row.getLast()).as("%s %s", heading, row.getFirst())
                        .matches("Later: (lens|cross attention)|Does not apply: .+|`\\w+#\\w+`(, `\\w+#\\w+`)*");
            }
        }
    }

    @Test
    void namedTests_exist() {
        List<MatchResult> names = lines.stream().flatMap(line -> TEST_NAME.matcher(line).results()).toList();
        assertThat(names).hasSizeGreaterThan(NUM_TRANSFORMER_LENS);
        for (MatchResult name : names) {
            assertThat(sources).as(name.group()).containsKey(name.group(1));
            assertThat(sources.get(name.group(1))).as(name.group())
                    .containsPattern("(?m)^ +void " + name.group(2) + "\\(");
        }
    }

    @Test
    void parityTests_areAllNamed() {
        String document = String.join("\n", lines);
        for (String className : List.of("TransformerLensParityTest", "TorchtuneParityTest")) {
            Pattern.compile("void (item\\w+)\\(").matcher(sources.get(className)).results().forEach(
                    test -> assertThat(document).contains("`" + className + "#" + test.group(1) + "`"));
        }
    }
}
