package io.github.pastkv.kernels;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The chosen kernels and the reason: those of the available provider with the highest rank, or those that were
 * requested. If the requested kernels are not available, that is an error; there is no silent fallback.
 *
 * @param kernels the kernels
 * @param reason one line of explanation
 */
public record KernelsChoice(Kernels kernels, String reason) {
    /** System property with the name of the kernels to use if the caller requests none. */
    public static final String PROPERTY = "pastkv.kernels";

    private static final String SCALAR = "scalar";
    private static final String CURE = "start java "
            + "with"; // occurs in the messages of providers that a JVM flag would enable
    private static final AtomicBoolean HAS_WARNED = new AtomicBoolean();

    /**
     * Chooses the kernels.
     *
     * @param forced name of the kernels, or null to use {@link #PROPERTY} and then the rank
     * @throws IllegalStateException if the requested kernels are not available
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
        warnOnce(best.name(), reason, obstacles, modulesWithoutNativeAccess(providers));
        return new KernelsChoice(best.create(), reason);
    }

    @Override
    public String toString() {
        return "KernelsChoice[" + kernels.name() + ": " + reason + "]";
    }

    private static String reason(String chosen, List<String> obstacles) {
        if (!obstacles.isEmpty()) {
            return String.join("; ", obstacles);
        }
        return chosen.equals(SCALAR)
                ? "no other kernels are present: add the dependency io.github.pastkv:pastkv, which includes the "
                        + "fast ones"
                : "the fastest available on this machine";
    }

    /** Logs one line per process if a dependency or a JVM flag would make it faster. */
    private static void warnOnce(String chosen, String reason, List<String> obstacles, String closedModules) {
        List<String> slower = new ArrayList<>();
        if (chosen.equals(SCALAR) || obstacles.stream().anyMatch(one -> one.contains(CURE))) {
            slower.add("PastKV runs the " + chosen + " kernels, although faster ones exist: " + reason);
        }
        if (!closedModules.isEmpty()) {
            slower.add("PastKV reads memory in smaller pieces, as it has no native access: " + CURE
                    + " --enable-native-access=" + closedModules);
        }
        if (!slower.isEmpty() && HAS_WARNED.compareAndSet(false, true)) {
            LogLine.warn(KernelsChoice.class, String.join("; ", slower));
        }
    }

    /** The modules of the kernels that may not use native memory, as the flag of the JVM lists them; may be empty. */
    private static String modulesWithoutNativeAccess(List<KernelsProvider> providers) {
        return Stream.concat(Stream.of(KernelsChoice.class), providers.stream().map(KernelsProvider::getClass))
                .map(Class::getModule).filter(module -> !module.isNativeAccessEnabled())
                .map(module -> module.isNamed() ? module.getName() : "ALL-UNNAMED").distinct()
                .collect(Collectors.joining(","));
    }

    /** The best kernels of a rank below {@code rank}, for providers that delegate part of the work. */
    public static Kernels bestBelow(int rank) {
        return providers(new ArrayList<>(), rank).getFirst().create();
    }

    private static KernelsChoice forced(String name, List<KernelsProvider> providers, List<String> obstacles) {
        for (KernelsProvider provider : providers) {
            if (provider.name().equals(name)) {
                return new KernelsChoice(provider.create(), "requested");
            }
        }
        throw new IllegalStateException("kernels: " + name + " are not available; available are "
                + String.join(", ", providers.stream().map(KernelsProvider::name).toList())
                + (obstacles.isEmpty() ? "" : " (" + String.join("; ", obstacles) + ")"));
    }

    private static List<KernelsProvider> providers(List<String> obstacles) {
        return providers(obstacles, Integer.MAX_VALUE);
    }

    /** The available providers below a rank, best first; always includes the scalar one. */
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
