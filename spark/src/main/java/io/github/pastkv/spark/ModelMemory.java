package io.github.pastkv.spark;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.stream.Stream;

/** Whether the weights of a model fit into the memory that is left to this process. */
final class ModelMemory {
    private static final Path SYSTEM = Path.of("/proc/meminfo");
    private static final Path OWN = Path.of("/proc/self/status");

    private ModelMemory() {}

    /** Bytes of the weights in a folder, or of a file. Packed weights take about as much. */
    static long weightBytes(Path model) throws IOException {
        if (!Files.isDirectory(model)) {
            return Files.size(model);
        }
        try (Stream<Path> files = Files.list(model)) {
            return files.filter(file -> file.toString().endsWith(".safetensors")).mapToLong(ModelMemory::size).sum();
        }
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Bytes that this process may still take: of the machine's available memory, or of what is left of the container's
     * limit, the lesser.
     */
    static long availableBytes() throws IOException {
        OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        OptionalLong available = kilobytes(SYSTEM, "MemAvailable:");
        OptionalLong own = kilobytes(OWN, "RssAnon:");
        long leftOfLimit = system.getTotalMemorySize() - own.orElse(0);
        return Math.min(available.orElse(system.getFreeMemorySize()), leftOfLimit);
    }

    /** The value of a line such as {@code MemAvailable: 1024 kB}, in bytes; empty on systems without the file. */
    private static OptionalLong kilobytes(Path file, String name) throws IOException {
        if (!Files.isReadable(file)) {
            return OptionalLong.empty();
        }
        return Files.readAllLines(file).stream().filter(line -> line.startsWith(name))
                .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("[^0-9]", ""))).findFirst();
    }
}
