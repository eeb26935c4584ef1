package io.github.pastkv.tests.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Constructors and static factories of all exported packages, with numbers and arrays that do not fit: what they refuse
 * they refuse in words, never by an error of the JDK's arrays, collections or arithmetic.
 */
class FactoryArgumentsTest {
    private static final List<String> MODULES = List.of("cache", "store", "model", "lens", "chat");
    private static final Pattern EXPORT = Pattern.compile("exports ([\\w.]+);");
    private static final Map<Class<?>, List<Object>> HOSTILE = Map.of(
            int.class, List.of(-1, 0, 7, Integer.MIN_VALUE), long.class, List.of(-1L, 0L, Long.MIN_VALUE),
            double.class, List.of(-1.0, 0.0, Double.NaN, Double.POSITIVE_INFINITY),
            float.class, List.of(-1f, 0f, Float.NaN, Float.POSITIVE_INFINITY),
            String.class, List.of("", "\n", "*", "[", "-1"), List.class, List.of(List.of()),
            int[].class, List.of(new int[0], new int[] {-1}, new int[] {1, 1}),
            int[][].class, List.of(new int[0][], new int[][] {{}}, new int[][] {{-1}}, new int[][] {{1}, {1, 2}}),
            float[].class, List.of(new float[0], new float[] {Float.NaN}),
            long[].class, List.of(new long[0], new long[] {-1}, new long[] {Long.MAX_VALUE}));
    private static final Set<Class<?>> RAW = Set.of(ArithmeticException.class, NegativeArraySizeException.class,
            ArrayIndexOutOfBoundsException.class, StringIndexOutOfBoundsException.class, ClassCastException.class,
            NullPointerException.class, ArrayStoreException.class, NoSuchElementException.class);

    @TempDir private Path folder;

    private final Map<Class<?>, Object> examples = new HashMap<>(Map.ofEntries(Map.entry(int.class, 1),
            Map.entry(long.class, 1L), Map.entry(double.class, 0.5), Map.entry(float.class, 0.5f),
            Map.entry(boolean.class, false), Map.entry(String.class, "a"), Map.entry(List.class, List.of()),
            Map.entry(Set.class, Set.of()), Map.entry(Map.class, Map.of()), Map.entry(int[].class, new int[] {1}),
            Map.entry(int[][].class, new int[][] {{1}}), Map.entry(float[].class, new float[] {1}),
            Map.entry(double[].class, new double[] {1}), Map.entry(long[].class, new long[] {1}),
            Map.entry(byte[].class, new byte[] {1})));
    private final Map<String, String> faults = new LinkedHashMap<>();

    @Test
    void numbersThatDoNotFit_areRefusedInWords() throws Exception {
        examples.put(Path.class, folder.resolve("none"));
        List<Class<?>> classes = exportedClasses();
        assertThat(classes).hasSizeGreaterThan(150);
        for (int round = 0; round < 3; round++) { // each knows the examples of the one before
            classes.forEach(this::findExample);
        }
        for (Class<?> type : classes) {
            for (Executable factory : factories(type)) {
                tryHostile(type, factory);
            }
        }
        assertThat(String.join("\n", faults.values())).isEmpty();
    }

    private static List<Class<?>> exportedClasses() throws IOException, ClassNotFoundException {
        List<Class<?>> classes = new ArrayList<>();
        for (String module : MODULES) {
            Path sources = Repository.ROOT.resolve(module + "/src/main/java");
            Matcher export = EXPORT.matcher(Files.readString(sources.resolve("module-info.java")));
            while (export.find()) {
                try (Stream<Path> files = Files.list(sources.resolve(export.group(1).replace('.', '/')))) {
                    for (Path file : files.filter(path -> path.toString().endsWith(".java")).sorted().toList()) {
                        String name = file.getFileName().toString().replace(".java", "");
                        if (!name.equals("package-info")) {
                            addWithNested(Class.forName(export.group(1) + "." + name), classes);
                        }
                    }
                }
            }
        }
        return classes;
    }

    private static void addWithNested(Class<?> type, List<Class<?>> classes) {
        if (Modifier.isPublic(type.getModifiers())) {
            classes.add(type);
            Stream.of(type.getDeclaredClasses()).forEach(nested -> addWithNested(nested, classes));
        }
    }

    private static List<Executable> factories(Class<?> type) {
        List<Executable> factories = new ArrayList<>();
        if (!Modifier.isAbstract(type.getModifiers())) {
            factories.addAll(List.of(type.getConstructors()));
        }
        Stream.of(type.getMethods()).filter(method -> Modifier.isStatic(method.getModifiers())
                && type.isAssignableFrom(method.getReturnType())).forEach(factories::add);
        factories.sort(
                Comparator.comparingInt(Executable::getParameterCount).thenComparing(Executable::toString));
        return factories;
    }

    private void findExample(Class<?> type) {
        for (Executable factory : examples.containsKey(type) ? List.<Executable> of() : factories(type)) {
            Object[] arguments = arguments(factory, -1, null);
            try {
                Object made = arguments == null ? null : call(factory, arguments);
                if (made != null) {
                    examples.putIfAbsent(type, made);
                }
            } catch (InvocationTargetException e) {
                // another factory may do
            }
        }
    }

    private void tryHostile(Class<?> type, Executable factory) {
        for (int i = 0; i < factory.getParameterCount(); i++) {
            for (Object hostile : HOSTILE.getOrDefault(factory.getParameterTypes()[i], List.of())) {
                Object[] arguments = arguments(factory, i, hostile);
                if (arguments != null) {
                    tryCall(type, factory, arguments);
                }
            }
        }
    }

    private void tryCall(Class<?> type, Executable factory, Object[] arguments) {
        try {
            assertThat(String.valueOf(call(factory, arguments))).isNotNull();
        } catch (InvocationTargetException e) {
            Throwable cause = e.getCause();
            if (RAW.contains(cause.getClass()) || cause.getMessage() == null
                    || cause.getMessage().contains("out of bounds for length")) {
                String what = type.getSimpleName() + "." + factory.getName() + Arrays.deepToString(arguments);
                faults.putIfAbsent(factory.toString() + cause.getClass(), what + ": " + cause + " at "
                        + cause.getStackTrace()[0]);
            }
        }
    }

    private static @Nullable Object call(Executable factory, Object[] arguments) throws InvocationTargetException {
        try {
            return factory instanceof Method method
                    ? method.invoke(null, arguments)
                    : ((Constructor<?>) factory).newInstance(arguments);
        } catch (InstantiationException | IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Examples of all parameters but one; null if there is none of some type. */
    private Object @Nullable [] arguments(Executable factory, int index, @Nullable Object value) {
        Object[] arguments = new Object[factory.getParameterCount()];
        for (int i = 0; i < arguments.length; i++) {
            arguments[i] = i == index ? value : example(factory.getParameterTypes()[i]);
            if (arguments[i] == null) {
                return null;
            }
        }
        return arguments;
    }

    private @Nullable Object example(Class<?> type) {
        if (type.isEnum()) {
            return Array.get(type.getEnumConstants(), 0);
        }
        return examples.get(type);
    }
}
