package io.github.pastkv.tests.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.testkit.docs.CodeBlock;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.assertj.core.api.ThrowingConsumer;
import org.junit.jupiter.api.Test;
import org.xml.sax.InputSource;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MappingIterator;
import tools.jackson.databind.json.JsonMapper;

/**
 * Code blocks of the documents name their language, and a test takes each: those of Java {@code DocumentCodeTest}, of
 * the shell {@code DocumentShellCommandsTest}, of Python {@code PythonDocumentsTest}, and data this one. A block that
 * cannot be run says why in the comment before it ({@link CodeBlock}).
 */
class DocumentBlocksTest {
    /** {@code text} is what nobody runs: a form, a table, a tree. */
    private static final List<String> LANGUAGES =
            List.of("java", "sh", "python", "json", "xml", "properties", "yaml", "nginx", "gradle", "sql",
                    "text");
    private static final List<String> WITHOUT_TEST = List.of("yaml", "nginx", "gradle", "sql");
    /** Those whose Python {@code PythonDocumentsTest} runs. */
    private static final String PYTHON_DOCUMENTS = "docs/(python|serving)\\.md";
    private static final Pattern ARTIFACT = Pattern.compile("<artifactId>(pastkv[\\w-]*)</artifactId>");
    private static final JsonMapper STRICT =
            JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

    @Test
    void everyBlock_namesItsLanguage() {
        assertEach(_ -> true, 70, block -> assertThat(block.language()).isIn(LANGUAGES));
    }

    @Test
    void blocksThatNoTestTakes_sayWhy() {
        assertEach(block -> WITHOUT_TEST.contains(block.language()), 1,
                block -> assertThat(block.notRun()).isPresent());
    }

    @Test
    void json_isStrict_butForDots() {
        assertEach(language("json"), 5, block -> {
            String text = block.text().replace("{...}", "{}");
            try (MappingIterator<JsonNode> values = STRICT.readerFor(JsonNode.class).readValues(text)) {
                assertThat(values.readAll()).isNotEmpty();
            }
        });
    }

    @Test
    void xml_isWellFormed_andNamesArtifactsOfTheBom() throws IOException {
        String bom = Files.readString(Repository.ROOT.resolve("bom/pom.xml"));
        assertEach(language("xml"), 2, block -> {
            DocumentBuilderFactory.newInstance().newDocumentBuilder()
                    .parse(new InputSource(new StringReader("<all>" + block.text() + "</all>")));
            assertThat(ARTIFACT.matcher(block.text()).results().map(artifact -> artifact.group(1)))
                    .allMatch(name -> bom.contains("<artifactId>" + name + "</artifactId>"));
        });
    }

    @Test
    void properties_haveKeysThatATestSets() {
        String sources = String.join("\n", Repository.javaSources().values());
        assertEach(language("properties"), 1, block -> {
            Properties properties = new Properties();
            properties.load(new StringReader(block.text()));
            assertThat(properties.stringPropertyNames()).isNotEmpty().allMatch(sources::contains);
        });
    }

    @Test
    void python_isInADocumentWhoseTestRunsIt_orSaysWhyNot() {
        Repository.documents().forEach((file, text) -> {
            if (!Repository.name(file).matches(PYTHON_DOCUMENTS)) {
                assertThat(CodeBlock.of(text)).as(Repository.name(file)).noneMatch(language("python"));
            }
        });
    }

    private static Predicate<CodeBlock> language(String name) {
        return block -> block.language().equals(name) && block.notRun().isEmpty();
    }

    private static void assertEach(Predicate<CodeBlock> wanted, int least, ThrowingConsumer<CodeBlock> check) {
        int numBlocks = 0;
        for (Map.Entry<Path, String> document : Repository.documents().entrySet()) {
            for (CodeBlock block : CodeBlock.of(document.getValue()).stream().filter(wanted).toList()) {
                numBlocks++;
                assertThat(block).as(Repository.name(document.getKey()) + ":" + block.line()).satisfies(check);
            }
        }
        assertThat(numBlocks).isGreaterThanOrEqualTo(least);
    }
}
