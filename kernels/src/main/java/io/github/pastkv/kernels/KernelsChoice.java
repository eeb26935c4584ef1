package io.github.pastkv.kernels;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The kernels in use and why: the available provider of the highest rank, or the one that was forced. A forced provider
 * that is not available is an error, never a silent fallback.
 *
 * @param kernels the kernels
 * @param reason one line for people
 */
public record KernelsChoice(Kernels kernels, String reason) {
    /** System property that forces kernels by name where the caller does not. */
    public static final String PROPERTY = "pastkv.kernels";

    private static final String SCALAR = "scalar";
    private static final String CURE = "start java with"; // in the messages of providers that a flag would help
    private static final AtomicBoolean HAS_WARNED = new AtomicBoolean();

    /**
     * Chooses.
     *
     * @param forced name of the kernels, or null to go by {@link #PROPERTY} and then by rank
     * @throws IllegalStateException when the forced kernels are not available
     */
    public static KernelsChoice choose(@Nullable String forced) {
        String name = forced == null ? System.getProperty(PROPERTY) : forced;
        List<String> obstacles = new ArrayList<>();
        List<KernelsProvider> providers = providers(obstacles);
        if (name != null) {
            return forced(name, providers, obstacles);
        }
        KernelsProvider best = providers.getFirst();
        String reason = reason(best.name(), obstacles);
        warnOnce(best.name(), reason, obstacles);
        return new KernelsChoice(best.create(), reason);
    }

    private static String reason(String chosen, List<String> obstacles) {
        if (!obstacles.isEmpty()) {
            return String.join("; ", obstacles);
        }
        return chosen.equals(SCALAR)
                ? "there are no others: add the dependency io.github.pastkv:pastkv, which brings the fast ones"
                : "the fastest of this machine";
    }

    /**
     * Logs one line in a process when faster kernels are missing that a dependency or a flag would bring, with the
     * cure.
     */
    private static void warnOnce(String chosen, String reason, List<String> obstacles) {
        boolean isCurable = chosen.equals(SCALAR) || obstacles.stream().anyMatch(one -> one.contains(CURE));
        if (isCurable && HAS_WARNED.compareAndSet(false, true)) {
            System.getLogger(KernelsChoice.class.getName()).log(System.Logger.Level.WARNING,
                    "PastKV runs the " + chosen + " kernels, slower than this machine can: " + reason);
        }
    }

    /** The best kernels of a rank below {@code rank}: for providers that delegate part of the work. */
    public static Kernels bestBelow(int rank) {
        return providers(new ArrayList<>(), rank).getFirst().create();
    }

    private static KernelsChoice forced(String name, List<KernelsProvider> providers, List<String> obstacles) {
        for (KernelsProvider provider : providers) {
            if (provider.name().equals(name)) {
                return new KernelsChoice(provider.create(), "asked for");
            }
        }
        throw new IllegalStateException("kernels: " + name + " cannot be had here; there are "
                + String.join(", ", providers.stream().map(KernelsProvider::name).toList())
                + (obstacles.isEmpty() ? "" : " (" + String.join("; ", obstacles) + ")"));
    }

    private static List<KernelsProvider> providers(List<String> obstacles) {
        return providers(obstacles, Integer.MAX_VALUE);
    }

    /** Providers below a rank that can be made, best first; the scalar one is always among them. */
    private static List<KernelsProvider> providers(List<String> obstacles, int belowRank) {
        List<KernelsProvider> found = new ArrayList<>();
        found.add(new ScalarProvider());
        Iterator<ServiceLoader.Provider<KernelsProvider>> offered =
                ServiceLoader.load(KernelsProvider.class, KernelsProvider.class.getClassLoader()).stream().iterator();
        while (offered.hasNext()) {
            try {
                found.add(offered.next().get());
            } catch (ServiceConfigurationError | LinkageError e) {
                obstacles.add(rootMessage(e));
            }
        }
        found.removeIf(provider -> provider.rank() >= belowRank);
        found.sort(Comparator.comparingInt(KernelsProvider::rank).reversed());
        return found;
    }

    private static String rootMessage(Throwable thrown) {
        Throwable root = thrown;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return String.valueOf(root.getMessage());
    }

    private static final class ScalarProvider implements KernelsProvider {
        @Override
        public String name() {
            return SCALAR;
        }

        @Override
        public int rank() {
            return 0;
        }

        @Override
        public Kernels create() {
            return new ScalarKernels();
        }
    }
}
