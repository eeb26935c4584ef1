package io.github.pastkv.tests.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The BOM, which has no parent, agrees with the build: its version, and every module that is published. */
class BomTest {
    private static final Pattern VERSION = Pattern.compile("<version>([^<]+)</version>");

    @Test
    void bom_hasTheVersionOfTheBuild() throws IOException {
        assertThat(firstVersion(pom("bom"))).isEqualTo(firstVersion(pom(".")));
    }

    @Test
    void bom_listsEveryPublishedModule_andNoOther() throws IOException {
        List<String> modules = Pattern.compile("<module>([\\w-]+)</module>").matcher(pom(".")).results()
                .map(module -> module.group(1)).filter(module -> !module.equals("bom") && isPublished(module))
                .map(BomTest::artifactId).toList();
        List<String> listed =
                Pattern.compile("<artifactId>(pastkv[\\w-]*)</artifactId>\\s+<version>\\$").matcher(pom("bom"))
                        .results().map(module -> module.group(1)).toList();
        assertThat(listed).containsExactlyInAnyOrderElementsOf(modules);
    }

    private static boolean isPublished(String module) {
        try {
            return !pom(module).contains("<maven.deploy.skip>true");
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String artifactId(String module) {
        try {
            return Pattern.compile("</parent>\\s*<artifactId>([^<]+)<").matcher(pom(module)).results().findFirst()
                    .orElseThrow()
                    .group(1);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String firstVersion(String pom) {
        return VERSION.matcher(pom).results().findFirst().orElseThrow().group(1);
    }

    private static String pom(String module) throws IOException {
        return Files.readString(Repository.ROOT.resolve(module).resolve("pom.xml"));
    }
}
