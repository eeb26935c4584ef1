package io.github.pastkv.testkit.model;

import io.github.pastkv.kernels.KernelsChoice;
import io.github.pastkv.kernels.KernelsProvider;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.stream.Stream;

/**
 * Names of the kernels to test, for {@link KernelsChoice#choose}: {@code scalar} and those of all providers, the
 * fastest last. Tests fail if kernels that {@link #REQUIRE_PROPERTY} lists (separated by commas) are not available.
 *
 * <p>A run with a forced vector width tests the vector kernels only.
 */
public final class KernelsUnderTest {
    /** System property with the names of kernels that must be there. */
    public static final String REQUIRE_PROPERTY = "pastkv.kernels.require";
    /** System property that forces the width of vectors. */
    public static final String VECTOR_BITS_PROPERTY = "pastkv.kernels.vectorBits";

    /** Name of the kernels that specify the arithmetic. */
    public static final String SCALAR = "scalar";
    private static final String VECTOR = "vector";

    private KernelsUnderTest() {}

    /** The names, at least one. */
    public static List<String> names() {
        boolean isWidthForced = isWidthForced();
        List<String> names = Stream.concat(Stream.of(SCALAR), providerNames())
                .filter(name -> !isWidthForced || name.equals(VECTOR)).toList();
        List<String> missing = new ArrayList<>(List.of(System.getProperty(REQUIRE_PROPERTY, SCALAR).split(",")));
        missing.remove(SCALAR);
        missing.removeAll(names);
        if (names.isEmpty() || !missing.isEmpty()) {
            throw new IllegalStateException(REQUIRE_PROPERTY + ": there are no kernels " + missing + ", only " + names);
        }
        return names;
    }

    /** Whether this run is one of the vector kernels at a width that is not the machine's own. */
    public static boolean isWidthForced() {
        return System.getProperty(VECTOR_BITS_PROPERTY) != null;
    }

    /** The name of the fastest. */
    public static String fastest() {
        return names().getLast();
    }

    private static Stream<String> providerNames() {
        return ServiceLoader.load(KernelsProvider.class).stream().flatMap(KernelsUnderTest::made)
                .sorted(Comparator.comparingInt(KernelsProvider::rank)).map(KernelsProvider::name);
    }

    private static Stream<KernelsProvider> made(ServiceLoader.Provider<KernelsProvider> provider) {
        try {
            return Stream.of(provider.get());
        } catch (ServiceConfigurationError | LinkageError _) {
            return Stream.of();
        }
    }
}
