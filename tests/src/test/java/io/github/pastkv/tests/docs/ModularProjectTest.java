package io.github.pastkv.tests.docs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cache.KvCache;
import io.github.pastkv.chat.Chat;
import io.github.pastkv.kernels.Kernels;
import io.github.pastkv.kernels.KernelsChoice;
import io.github.pastkv.model.Model;
import io.github.pastkv.store.CacheTiers;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A small project with a {@code module-info.java}, as a user has it: it compiles against PastKV's modules without
 * JSpecify, and oneDNN is found where only the module path has it.
 */
class ModularProjectTest {
    /** Third-party jars that a user gets with PastKV. */
    private static final List<String> JARS = List.of("jackson-databind-", "jackson-core-", "jackson-annotations-",
            "tokenizers-", "dnnl-");
    private static final String MODULE_INFO = """
            module user {
                requires io.github.pastkv.chat;
            }
            """;
    private static final String MAIN = """
            package user;

            import io.github.pastkv.chat.Chat;
            import io.github.pastkv.kernels.KernelsChoice;
            import io.github.pastkv.model.Model;
            import io.github.pastkv.model.Session;
            import io.github.pastkv.model.generation.GenerationListener;
            import io.github.pastkv.model.generation.GenerationOptions;
            import io.github.pastkv.chat.ChatMessage;
            import java.nio.file.Path;
            import java.util.List;

            public final class Main {
                public static void main(String[] args) throws Exception {
                    System.out.println(KernelsChoice.choose(null).kernels().name());
                    if (args.length > 0) {
                        use(Path.of(args[0]));
                    }
                }

                private static void use(Path folder) throws Exception {
                    try (Model model = Model.load(folder); Session session = model.newSession()) {
                        session.generate("Hi", GenerationOptions.greedy(3), piece -> System.out.print(piece));
                        Chat.of(model).answer(List.of(ChatMessage.user("Hi")), model.generationOptions(),
                                GenerationListener.NONE);
                    }
                }
            }
            """;

    @TempDir private Path folder;

    private final Map<String, String> classes = new LinkedHashMap<>(); // by module: where its classes are

    /** Descriptions of modules beside their classes, whether the build keeps these in jars, apart or in one folder. */
    private void addModule(String name, Class<?> oneClass) throws IOException {
        String module = "io.github.pastkv." + name;
        classes.put(module, oneClass.getProtectionDomain().getCodeSource().getLocation().getPath());
        Files.copy(Repository.ROOT.resolve(name).resolve("src/main/java/module-info.java"),
                Files.createDirectories(folder.resolve("src").resolve(module)).resolve("module-info.java"));
    }

    private void compile(String... args) {
        List<String> all = new ArrayList<>(List.of("-proc:none", "-Werror",
                "-Xlint:all,-module,-incubating,-requires-automatic,-requires-transitive-automatic", "-d",
                folder.resolve("modules").toString(), "-cp", folder.toString())); // not what this test runs with
        classes.forEach((name, place) -> all.addAll(List.of("--patch-module", name + "=" + place)));
        all.addAll(List.of(args));
        StringWriter messages = new StringWriter();
        int status = ToolProvider.findFirst("javac").orElseThrow()
                .run(new PrintWriter(messages), new PrintWriter(messages), all.toArray(String[]::new));
        assertThat(status).as(messages.toString()).isZero();
    }

    private static String classPath(Predicate<String> wanted) {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(place -> Files.exists(Path.of(place))) // Maven lists folders that a module does not have
                .filter(place -> wanted.test(Path.of(place).getFileName().toString()))
                .collect(joining(File.pathSeparator));
    }

    private static boolean isUsers(String jar) {
        return JARS.stream().anyMatch(jar::startsWith);
    }

    @Test
    void compilesWithoutJSpecify_andFindsOneDnnOnTheModulePath() throws IOException, InterruptedException {
        addModule("cache", KvCache.class);
        addModule("kernels", Kernels.class);
        addModule("store", CacheTiers.class);
        addModule("model", Model.class);
        addModule("chat", Chat.class);
        compile("-p", classPath(jar -> isUsers(jar) || jar.startsWith("jspecify-") || jar.startsWith("slf4j-api-")),
                "--module-source-path",
                folder.resolve("src").toString(), "-m", String.join(",", classes.keySet()));

        Path user = Files.createDirectories(folder.resolve("user"));
        Path moduleInfo = Files.writeString(user.resolve("module-info.java"), MODULE_INFO);
        Path main = Files.writeString(user.resolve("Main.java"), MAIN);
        String modules = folder.resolve("modules") + File.pathSeparator + classPath(ModularProjectTest::isUsers);
        compile("-p", modules, moduleInfo.toString(), main.toString());

        assertThat(run("-p", classPath(jar -> jar.startsWith("dnnl-")), "-cp", folder.resolve("modules")
                + File.pathSeparator + classPath(jar -> !jar.startsWith("dnnl-")), "user.Main"))
                .isEqualTo(KernelsChoice.choose(null).kernels().name());
    }

    private String run(String... args) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:TieredStopAtLevel=1",
                "--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"));
        command.addAll(List.of(args));
        Path out = folder.resolve("out");
        Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(out.toFile()).start();
        int status = process.waitFor();
        assertThat(status).as(Files.readString(out, UTF_8)).isZero();
        return Files.readString(out, UTF_8).lines().toList().getLast();
    }
}
