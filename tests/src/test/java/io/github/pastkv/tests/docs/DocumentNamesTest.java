package io.github.pastkv.tests.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * What documents write in code font exists: types, their members, methods, packages, modules, benchmarks and tests.
 * Names of other projects are listed in {@code foreign-names.txt}; one that no document uses any more must leave that
 * list.
 */
class DocumentNamesTest {
    private static final Pattern CODE_SPAN = Pattern.compile("`([^`\n]+)`");
    private static final Pattern COMMENT = Pattern.compile("/\\*.*?\\*/|//[^\n]*", Pattern.DOTALL);
    private static final Pattern DECLARATION = Pattern.compile("\\b(?:class|interface|record|enum)\\s+(\\w+)");
    private static final Pattern WORD = Pattern.compile("\\w+");
    /** A type, with a member after a dot or a hash. */
    private static final Pattern TYPE = Pattern.compile("(?<![\\w.-])([A-Z][a-z0-9]\\w*)(?:[.#](\\w+))?");
    /** A name in camel case, or one with parentheses. */
    private static final Pattern MEMBER = Pattern.compile("(?<![\\w.-])([a-z]+[A-Z]\\w*|[a-z]\\w*(?=\\(\\)))");
    private static final Pattern PACKAGE =
            Pattern.compile("(?:cache|kernels|model|lens|chat|cli)(?:\\.[a-z]+)+(?<!\\.py)");
    private static final Pattern RUN = Pattern.compile("-D(?:benchmark|test)=\"?(\\w+(?:\\|\\w+)*)");
    private static final String FOREIGN = "src/test/resources/docs/foreign-names.txt";

    private static Map<String, String> sourceOfType;
    private static Set<String> words;
    private static Set<String> packages;
    private static Set<String> foreign;

    @BeforeAll
    static void read() throws IOException {
        sourceOfType = new HashMap<>();
        words = new HashSet<>();
        packages = new HashSet<>();
        Repository.javaSources().forEach((file, text) -> {
            String code = COMMENT.matcher(text).replaceAll("");
            DECLARATION.matcher(code).results()
                    .forEach(type -> sourceOfType.merge(type.group(1), code, String::concat));
            WORD.matcher(code).results().map(MatchResult::group).forEach(words::add);
            packages.add(Repository.name(file.getParent()).replaceFirst(".*io/github/pastkv/?", "").replace('/', '.'));
        });
        foreign = Files.readAllLines(Path.of(FOREIGN)).stream().map(String::strip)
                .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                .flatMap(line -> Arrays.stream(line.split("\\s+"))).collect(Collectors.toSet());
    }

    @Test
    void everyNameInCodeFont_exists() {
        List<String> unknown = new ArrayList<>();
        Set<String> unused = new HashSet<>(foreign);
        int numNames = 0;
        for (Map.Entry<Path, String> document : Repository.documents().entrySet()) {
            for (String span : codeSpans(document.getValue())) {
                for (String name : namesIn(span)) {
                    numNames++;
                    if (foreign.contains(name)) {
                        unused.remove(name);
                    } else if (!exists(name)) {
                        unknown.add(Repository.name(document.getKey()) + ": " + name);
                    }
                }
            }
        }
        assertThat(unknown).as("names that no source declares").isEmpty();
        assertThat(unused).as("foreign names that no document uses").isEmpty();
        assertThat(numNames).isGreaterThan(300);
    }

    @Test
    void everyBenchmarkAndTestOfACommand_exists() {
        List<String> unknown = new ArrayList<>();
        Repository.documents().forEach((file, text) -> RUN.matcher(text).results()
                .flatMap(run -> Arrays.stream(run.group(1).split("\\|")))
                .filter(name -> !sourceOfType.containsKey(name) && !name.matches("Name(Test|Benchmark)"))
                .forEach(name -> unknown.add(Repository.name(file) + ": " + name)));
        assertThat(unknown).isEmpty();
    }

    @Test
    void everyModule_standsInReadmeAndArchitecture() throws IOException {
        List<String> modules = Pattern.compile("<module>([\\w-]+)</module>")
                .matcher(Files.readString(Repository.ROOT.resolve("pom.xml"))).results()
                .map(module -> module.group(1)).toList();
        assertThat(modules).hasSizeGreaterThan(10);
        for (String document : List.of("README.md", "ARCHITECTURE.md")) {
            String text = Files.readString(Repository.ROOT.resolve(document));
            assertThat(modules).as(document)
                    .allMatch(module -> Pattern.compile("\\b" + module + "\\b").matcher(text).find());
        }
    }

    private static List<String> codeSpans(String document) {
        String prose = document.replaceAll("(?ms)^```.*?^```$", "");
        return CODE_SPAN.matcher(prose).results().map(span -> span.group(1).replaceAll("\"[^\"]*\"", "")).toList();
    }

    private static List<String> namesIn(String span) {
        if (span.startsWith("mvn ") || span.startsWith("-D")) {
            return List.of();
        }
        List<String> names = new ArrayList<>();
        TYPE.matcher(span).results().map(MatchResult::group).forEach(names::add);
        MEMBER.matcher(span).results().map(MatchResult::group).forEach(names::add);
        if (PACKAGE.matcher(span).matches()) {
            names.add(span);
        }
        return names;
    }

    private static boolean exists(String name) {
        if (PACKAGE.matcher(name).matches()) {
            return packages.contains(name) || name.matches(".*\\.(json|safetensors)");
        }
        String[] parts = name.split("[.#]");
        if (!Character.isUpperCase(name.charAt(0))) {
            return words.contains(name);
        }
        if (isOfJavaLang(parts)) {
            return true;
        }
        String source = sourceOfType.get(parts[0]);
        return source != null
                && (parts.length == 1 || Pattern.compile("\\b" + parts[1] + "\\b").matcher(source).find());
    }

    private static boolean isOfJavaLang(String[] parts) {
        try {
            Class<?> type = Class.forName("java.lang." + parts[0]);
            return parts.length == 1
                    || Arrays.stream(type.getMethods()).anyMatch(method -> method.getName().equals(parts[1]));
        } catch (ClassNotFoundException _) {
            return false;
        }
    }
}
