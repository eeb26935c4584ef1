package io.github.pastkv.tests.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A project with a {@code module-info.java} can require PastKV's modules without JSpecify on its module path. */
class ModuleInfoTest {
    @Test
    void annotations_areNotRequiredOfUsers() throws IOException {
        List<Path> moduleInfos;
        try (Stream<Path> modules = Files.list(Repository.ROOT)) {
            moduleInfos = modules.map(module -> module.resolve("src/main/java/module-info.java"))
                    .filter(Files::isRegularFile).toList();
        }
        assertThat(moduleInfos).hasSizeGreaterThan(7);
        for (Path moduleInfo : moduleInfos) {
            // transitively, a user's compiler would ask for it
            assertThat(Files.readString(moduleInfo).replace("requires static org.jspecify;", ""))
                    .as(Repository.name(moduleInfo)).doesNotContain("jspecify");
        }
    }
}
