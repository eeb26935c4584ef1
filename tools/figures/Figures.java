import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.IdentifierTree;
import com.sun.source.tree.ImportTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreeScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * Prints the size and dependency figures of a source tree: {@code java tools/figures/Figures.java [ROOT] [--list]}.
 *
 * <p>Counts the files below {@code ROOT/*}{@code /src/main/java}, without {@code package-info} and {@code module-info}. A method
 * is counted from its first modifier to its closing brace, constructors included. Percentiles are nearest-rank. A file depends on
 * another if it names one of its types, in code; a package depends on another if one of its files does. A circle is a strongly
 * connected component of two or more. A {@code permits} clause is no dependency: a sealed type always names what implements it.
 * {@code --list} adds the members of every circle, the packages with the most files, the longest files and methods, and each
 * line over 120 columns.
 */
public final class Figures {
    private static final int MAX_COLUMNS = 120;
    private static final int LONG_METHOD = 30;
    private static final int NUM_LISTED = 10;

    private record Source(Path file, String packageName, String text, Set<String> types, Set<String> used, Set<String> imports) {
        String name() {
            return packageName + "." + typeName();
        }

        String typeName() {
            return file.getFileName().toString().replace(".java", "");
        }
    }

    private record Sized(String name, int lines) {
    }

    private final Path root;
    private final List<Source> sources = new ArrayList<>();
    private final List<Sized> methods = new ArrayList<>();
    private final List<String> wideCode = new ArrayList<>();
    private final List<String> wideComments = new ArrayList<>();

    private Figures(Path root) {
        this.root = root;
    }

    public static void main(String[] args) throws IOException {
        List<String> arguments = new ArrayList<>(List.of(args));
        boolean list = arguments.remove("--list");
        Figures figures = new Figures(Path.of(arguments.isEmpty() ? "." : arguments.getFirst()));
        figures.read();
        figures.print(list);
    }

    private void read() throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (StandardJavaFileManager manager = compiler.getStandardFileManager(null, null, null)) {
            Iterable<? extends JavaFileObject> files = manager.getJavaFileObjectsFromPaths(sourceFiles());
            JavacTask task = (JavacTask) compiler.getTask(null, manager, null, List.of("-proc:none"), null, files);
            SourcePositions positions = Trees.instance(task).getSourcePositions();
            for (CompilationUnitTree unit : task.parse()) {
                read(unit, positions);
            }
        }
    }

    private List<Path> sourceFiles() throws IOException {
        List<Path> files = new ArrayList<>();
        try (Stream<Path> modules = Files.list(root)) {
            for (Path folder : modules.map(module -> module.resolve("src/main/java")).filter(Files::isDirectory).toList()) {
                try (Stream<Path> all = Files.walk(folder)) {
                    all.filter(file -> file.toString().endsWith(".java") && !file.toString().endsWith("-info.java")).forEach(files::add);
                }
            }
        }
        files.sort(Comparator.naturalOrder());
        return files;
    }

    private void read(CompilationUnitTree unit, SourcePositions positions) throws IOException {
        Path file = Path.of(unit.getSourceFile().toUri());
        String packageName = unit.getPackageName() == null ? "" : unit.getPackageName().toString();
        String text = Files.readString(file);
        Source source = new Source(file, packageName, text, new HashSet<>(), new HashSet<>(), new HashSet<>());
        new TreeScanner<Void, Void>() {
            @Override
            public Void visitImport(ImportTree tree, Void none) {
                source.imports.add(tree.getQualifiedIdentifier().toString());
                return null;
            }

            @Override
            public Void visitClass(ClassTree tree, Void none) {
                source.types.add(tree.getSimpleName().toString());
                scan(tree.getModifiers(), none);
                scan(tree.getTypeParameters(), none);
                scan(tree.getExtendsClause(), none);
                scan(tree.getImplementsClause(), none);
                return scan(tree.getMembers(), none);
            }

            @Override
            public Void visitIdentifier(IdentifierTree tree, Void none) {
                source.used.add(tree.getName().toString());
                return null;
            }

            @Override
            public Void visitMemberSelect(MemberSelectTree tree, Void none) {
                source.used.add(tree.toString());
                return super.visitMemberSelect(tree, none);
            }

            @Override
            public Void visitMethod(MethodTree tree, Void none) {
                if (tree.getBody() != null && positions.getStartPosition(unit, tree) >= 0 && written(tree)) {
                    long first = unit.getLineMap().getLineNumber(positions.getStartPosition(unit, tree));
                    long last = unit.getLineMap().getLineNumber(positions.getEndPosition(unit, tree));
                    methods.add(new Sized(source.typeName() + "." + tree.getName(), (int) (last - first + 1)));
                }
                return super.visitMethod(tree, none);
            }

            private boolean written(Tree tree) {
                return positions.getEndPosition(unit, tree) > positions.getStartPosition(unit, tree);
            }
        }.scan(unit, null);
        sources.add(source);
        findWideLines(source);
    }

    /** Finds lines over the limit; one counts as a comment if the limit falls into a comment. */
    private void findWideLines(Source source) {
        String text = source.text;
        boolean[] comment = comments(text);
        int start = 0;
        int number = 1;
        while (start < text.length()) {
            int end = text.indexOf('\n', start);
            end = end < 0 ? text.length() : end;
            if (text.codePointCount(start, end) > MAX_COLUMNS) {
                String place = root.toAbsolutePath().normalize().relativize(source.file) + ":" + number;
                (comment[text.offsetByCodePoints(start, MAX_COLUMNS)] ? wideComments : wideCode).add(place);
            }
            start = end + 1;
            number++;
        }
    }

    /** Which characters lie in comments. */
    private static boolean[] comments(String text) {
        boolean[] comment = new boolean[text.length() + 1];
        int at = 0;
        while (at < text.length()) {
            int end = at + 1;
            if (text.startsWith("//", at)) {
                end = endOf(text, "\n", at);
            } else if (text.startsWith("/*", at)) {
                end = endOf(text, "*/", at + 2);
            } else if (text.startsWith("\"\"\"", at)) {
                end = endOfQuoted(text, "\"\"\"", at + 3);
            } else if (text.charAt(at) == '"' || text.charAt(at) == '\'') {
                end = endOfQuoted(text, text.substring(at, at + 1), at + 1);
            }
            for (int i = at; i < end && text.startsWith("/", at) && end > at + 1; i++) {
                comment[i] = true;
            }
            at = end;
        }
        return comment;
    }

    private static int endOf(String text, String delimiter, int from) {
        int end = text.indexOf(delimiter, from);
        return end < 0 ? text.length() : end + delimiter.length();
    }

    private static int endOfQuoted(String text, String delimiter, int from) {
        int at = from;
        while (at < text.length() && !text.startsWith(delimiter, at)) {
            at += text.charAt(at) == '\\' ? 2 : 1;
        }
        return Math.min(text.length(), at + delimiter.length());
    }

    private Map<String, Set<String>> fileGraph() {
        Map<String, Map<String, Source>> byPackage = new HashMap<>();
        for (Source source : sources) {
            byPackage.computeIfAbsent(source.packageName, name -> new HashMap<>()).put(source.typeName(), source);
        }
        Map<String, Set<String>> graph = new TreeMap<>();
        for (Source source : sources) {
            Set<String> targets = new TreeSet<>();
            Map<String, Source> beside = byPackage.get(source.packageName);
            source.used.stream().filter(beside::containsKey).filter(name -> !source.types.contains(name))
                    .forEach(name -> targets.add(beside.get(name).name()));
            Stream.concat(source.imports.stream(), source.used.stream()).forEach(name -> byPackage.forEach((packageName, types) -> {
                if (name.startsWith(packageName + ".")) {
                    String type = name.substring(packageName.length() + 1).split("\\.")[0];
                    if (types.containsKey(type)) {
                        targets.add(types.get(type).name());
                    }
                }
            }));
            targets.remove(source.name());
            graph.put(source.name(), targets);
        }
        return graph;
    }

    private Map<String, Set<String>> packageGraph(Map<String, Set<String>> files) {
        Map<String, String> packages = new HashMap<>();
        sources.forEach(source -> packages.put(source.name(), source.packageName));
        Map<String, Set<String>> graph = new TreeMap<>();
        files.forEach((file, targets) -> {
            Set<String> edges = graph.computeIfAbsent(packages.get(file), name -> new TreeSet<>());
            targets.forEach(target -> edges.add(packages.get(target)));
            edges.remove(packages.get(file));
        });
        return graph;
    }

    /** Strongly connected components of two or more, largest first (Tarjan 1972). */
    private static List<List<String>> circles(Map<String, Set<String>> graph) {
        Map<String, Integer> index = new HashMap<>();
        Map<String, Integer> low = new HashMap<>();
        Deque<String> stack = new ArrayDeque<>();
        Set<String> onStack = new HashSet<>();
        List<List<String>> found = new ArrayList<>();
        graph.keySet().forEach(node -> {
            if (!index.containsKey(node)) {
                connect(node, graph, index, low, stack, onStack, found);
            }
        });
        found.sort(Comparator.<List<String>>comparingInt(List::size).reversed());
        return found;
    }

    private static void connect(String node, Map<String, Set<String>> graph, Map<String, Integer> index, Map<String, Integer> low,
            Deque<String> stack, Set<String> onStack, List<List<String>> found) {
        index.put(node, index.size());
        low.put(node, index.get(node));
        stack.push(node);
        onStack.add(node);
        for (String target : graph.get(node)) {
            if (!index.containsKey(target)) {
                connect(target, graph, index, low, stack, onStack, found);
                low.merge(node, low.get(target), Math::min);
            } else if (onStack.contains(target)) {
                low.merge(node, index.get(target), Math::min);
            }
        }
        if (low.get(node).equals(index.get(node))) {
            List<String> component = new ArrayList<>();
            String member;
            do {
                member = stack.pop();
                onStack.remove(member);
                component.add(member);
            } while (!member.equals(node));
            if (component.size() > 1) {
                component.sort(Comparator.naturalOrder());
                found.add(component);
            }
        }
    }

    private void print(boolean list) {
        List<Sized> files = sources.stream().map(source -> new Sized(source.name(), (int) source.text.lines().count())).toList();
        Map<String, Set<String>> fileGraph = fileGraph();
        List<List<String>> fileCircles = circles(fileGraph);
        List<List<String>> packageCircles = circles(packageGraph(fileGraph));
        Map<String, Integer> packageSizes = new TreeMap<>();
        sources.forEach(source -> packageSizes.merge(source.packageName, 1, Integer::sum));
        List<Sized> packages = packageSizes.entrySet().stream().map(entry -> new Sized(entry.getKey(), entry.getValue())).toList();
        long longMethods = methods.stream().filter(method -> method.lines > LONG_METHOD).count();

        row("files", sources.size());
        row("file lines p50 / p90 / max", percentiles(files));
        row("methods", methods.size());
        row("method lines p50 / p90 / max", percentiles(methods));
        row("methods over " + LONG_METHOD + " lines",
                String.format(Locale.ROOT, "%d (%.1f %%)", longMethods, 100.0 * longMethods / methods.size()));
        row("package circles", packageCircles.size());
        row("largest file circle", fileCircles.isEmpty() ? 1 : fileCircles.getFirst().size());
        row("packages", packages.size());
        row("files per package p50 / p90 / max", percentiles(packages));
        row("lines over " + MAX_COLUMNS + " columns, code", wideCode.size());
        row("lines over " + MAX_COLUMNS + " columns, comments", wideComments.size());
        if (list) {
            packageCircles.forEach(circle -> System.out.println("\npackage circle: " + String.join(" ", circle)));
            fileCircles.forEach(circle -> System.out.println("\nfile circle of " + circle.size() + ": " + String.join(" ", circle)));
            list("largest packages (files)", packages);
            list("longest files (lines)", files);
            list("longest methods (lines)", methods);
            System.out.println("\nlines over " + MAX_COLUMNS + " columns");
            Stream.concat(wideCode.stream(), wideComments.stream()).forEach(System.out::println);
        }
    }

    private static void row(String name, Object value) {
        System.out.printf("%-36s %s%n", name, value);
    }

    private static void list(String title, List<Sized> items) {
        System.out.println("\n" + title);
        items.stream().sorted(Comparator.comparingInt(Sized::lines).reversed()).limit(NUM_LISTED)
                .forEach(item -> System.out.printf("%6d %s%n", item.lines, item.name));
    }

    private static String percentiles(List<Sized> items) {
        int[] sorted = items.stream().mapToInt(Sized::lines).sorted().toArray();
        return percentile(sorted, 50) + " / " + percentile(sorted, 90) + " / " + sorted[sorted.length - 1];
    }

    /** The nearest-rank percentile: the smallest value that at least so many percent do not exceed. */
    private static int percentile(int[] sorted, int percent) {
        return sorted[Math.max(0, (sorted.length * percent + 99) / 100 - 1)];
    }
}
