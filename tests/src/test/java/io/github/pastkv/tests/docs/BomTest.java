package io.github.pastkv.tests.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The BOM, which has no parent, agrees with the build: its version, and every module that is published. */
class BomTest {
    private static final Pattern VERSION = Pattern.compile("<version>([^<]+)</version>");

    @Test
    void bom_hasTheVersionOfTheBuild() {
        assertThat(firstVersion(pom("bom"))).isEqualTo(firstVersion(pom(".")));
    }

    @Test
    void bom_listsEveryPublishedModule_andNoOther() {
        List<String> modules = modules().filter(module -> !module.equals("bom") && isPublished(module))
                .map(BomTest::artifactId).toList();
        List<String> listed =
                Pattern.compile("<artifactId>(pastkv[\\w-]*)</artifactId>\\s+<version>\\$").matcher(pom("bom"))
                        .results().map(module -> module.group(1)).toList();
        assertThat(listed).containsExactlyInAnyOrderElementsOf(modules);
    }

    @Test
    void poms_haveWhatMavenCentralAsksFor() {
        for (String pom : List.of(pom("."), pom("bom"))) {
            assertThat(pom).contains("<url>", "<license>", "<developer>", "<scm");
        }
        modules().filter(BomTest::isPublished).forEach(module -> assertThat(pom(module)).as(module)
                .containsPattern(
                        "</artifactId>\\s+(<version>.*\\s+<packaging>.*\\s+)?<name>.+</name>\\s+<description>.+<"));
    }

    /** That of the tests has no jar, which a release would fail to sign. */
    @Test
    void modulesThatNobodyPublishes_areNotSigned() {
        List<String> unpublished = modules().filter(module -> !isPublished(module)).toList();
        assertThat(unpublished).contains("tests", "testkit")
                .allSatisfy(module -> assertThat(pom(module)).contains("<gpg.skip>true</gpg.skip>"));
    }

    /** Projects outside the build name the version themselves. */
    @Test
    void examples_haveTheVersionOfTheBuild() throws IOException {
        try (Stream<Path> files = Files.find(Repository.ROOT.resolve("examples"), 2,
                (file, _) -> file.endsWith("pom.xml"))) {
            List<String> versions = Stream.concat(files.map(BomTest::read), Stream.of(pom("tests/packages")))
                    .flatMap(pom -> Pattern.compile("<pastkv.version>([^<]+)<").matcher(pom).results())
                    .map(version -> version.group(1)).toList();
            assertThat(versions).hasSizeGreaterThan(4).containsOnly(firstVersion(pom(".")));
        }
        assertThat(read(Repository.ROOT.resolve("examples/jbang/Story.java")))
                .contains("//DEPS io.github.pastkv:pastkv:" + firstVersion(pom(".")) + "\n");
    }

    private static Stream<String> modules() {
        return Pattern.compile("<module>([\\w-]+)</module>").matcher(pom(".")).results()
                .map(module -> module.group(1));
    }

    private static boolean isPublished(String module) {
        return !pom(module).contains("<maven.deploy.skip>true");
    }

    private static String artifactId(String module) {
        return Pattern.compile("</parent>\\s*<artifactId>([^<]+)<").matcher(pom(module)).results().findFirst()
                .orElseThrow()
                .group(1);
    }

    private static String firstVersion(String pom) {
        return VERSION.matcher(pom).results().findFirst().orElseThrow().group(1);
    }

    private static String pom(String module) {
        return read(Repository.ROOT.resolve(module).resolve("pom.xml"));
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
