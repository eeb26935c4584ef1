package io.github.pastkv.tests.docs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** The documents and sources of the working copy that the tests run in. */
final class Repository {
    static final Path ROOT = root();

    private Repository() {}

    /** The nearest folder upwards that has the architecture document. */
    private static Path root() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("ARCHITECTURE.md"))) {
            folder = folder.getParent();
            if (folder == null) {
                throw new IllegalStateException("ARCHITECTURE.md is missing");
            }
        }
        return folder;
    }

    /** Markdown files of the root, {@code site}, {@code docs}, {@code tools} and {@code .github}, by path. */
    static Map<Path, String> documents() {
        Map<Path, String> documents = new TreeMap<>(read(ROOT, 1, file -> file.toString().endsWith(".md")));
        documents.putAll(read(ROOT.resolve("site"), 1, file -> file.toString().endsWith(".md")));
        for (String folder : List.of("docs", "tools", ".github")) {
            documents.putAll(read(ROOT.resolve(folder), 9, file -> file.toString().endsWith(".md")));
        }
        return documents;
    }

    /** Java sources of all modules, the projects of {@code examples} and {@code tools}, tests included, by path. */
    static Map<Path, String> javaSources() {
        Map<Path, String> sources = new TreeMap<>();
        for (Path parent : List.of(ROOT, ROOT.resolve("examples"))) {
            for (Path folder : children(parent)) {
                sources.putAll(read(folder.resolve("src"), 99, file -> file.toString().endsWith(".java")));
            }
        }
        sources.putAll(read(ROOT.resolve("tools"), 99, file -> file.toString().endsWith(".java")));
        return sources;
    }

    /** Contents of the fenced code blocks of a language in a document. */
    static List<String> codeBlocks(String document, String language) {
        List<String> blocks = new ArrayList<>();
        StringBuilder block = null;
        for (String line : document.lines().toList()) {
            if (block == null && line.strip().equals("```" + language)) {
                block = new StringBuilder();
            } else if (block != null && line.strip().equals("```")) {
                blocks.add(block.toString());
                block = null;
            } else if (block != null) {
                block.append(line).append('\n');
            }
        }
        return blocks;
    }

    /** Contents of the inline {@code snippet} tags in the comments of a source. */
    static List<String> snippets(String source) {
        List<String> snippets = new ArrayList<>();
        StringBuilder snippet = null;
        for (String line : source.lines().map(String::strip).toList()) {
            if (line.equals("* {@" + "snippet :")) {
                snippet = new StringBuilder();
            } else if (snippet != null && line.equals("* }")) {
                snippets.add(snippet.toString());
                snippet = null;
            } else if (snippet != null) {
                snippet.append(line.substring(1)).append('\n');
            }
        }
        return snippets;
    }

    /** A path as it is written in messages. */
    static String name(Path file) {
        return ROOT.relativize(file).toString();
    }

    private static List<Path> children(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(Files::isDirectory).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<Path, String> read(Path folder, int depth, Predicate<Path> wanted) {
        Map<Path, String> texts = new TreeMap<>();
        if (!Files.isDirectory(folder)) {
            return texts;
        }
        try (Stream<Path> files = Files.walk(folder, depth)) {
            for (Path file : files.filter(Files::isRegularFile).filter(wanted).toList()) {
                texts.put(file, Files.readString(file));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return texts;
    }
}
