package io.github.pastkv.serve;

import io.github.pastkv.serve.http.ApiKeys;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How a server runs.
 *
 * @param host address to bind; without keys only a loopback address
 * @param port to bind; 0 for any free one
 * @param keyFile keys and their tenants, a line each; null for none
 * @param hasOpenMetrics whether {@code /metrics} needs no key
 * @param maxRunning prompts that run at once
 * @param maxWaiting prompts that wait; more are refused with 429
 * @param maxBodyBytes longest body of a request
 * @param maxHeaderBytes longest request line with headers
 * @param maxConnections most connections at once
 * @param idleTimeout after which a connection that neither sends nor takes anything is closed
 * @param pingInterval after which a stream that has nothing to send sends a comment
 * @param warmUp for about so long at most each model generates from random tokens before it is served; zero for not at
 *     all
 * @param drainTimeout how long {@link PastKvServer#close} lets requests go on
 * @param corsOrigins origins of browsers that may ask; empty for none
 * @param log is given a line for each fault
 */
public record ServeOptions(String host, int port, @Nullable Path keyFile, boolean hasOpenMetrics, int maxRunning,
        int maxWaiting, int maxBodyBytes, int maxHeaderBytes, int maxConnections, Duration idleTimeout,
        Duration pingInterval, Duration warmUp, Duration drainTimeout, Set<String> corsOrigins, Consumer<String> log) {
    /** The port unless said otherwise: one that no server of models uses. */
    public static final int DEFAULT_PORT = 8273;

    public ServeOptions {
        corsOrigins = Set.copyOf(corsOrigins);
        require("port", port, 0, 65_535);
        require("maxRunning", maxRunning, 1, 4096);
        require("maxWaiting", maxWaiting, 0, 1_000_000);
        require("maxBodyBytes", maxBodyBytes, 1024, 1 << 30);
        require("maxHeaderBytes", maxHeaderBytes, 1024, 1 << 20);
        require("maxConnections", maxConnections, 1, 1_000_000);
    }

    private static void require(String name, int actual, int least, int most) {
        if (actual < least || actual > most) {
            throw new IllegalArgumentException(name + ": " + actual + ", must be in [" + least + ", " + most + "]");
        }
    }

    /** Loopback without keys, 32 prompts at once, 256 waiting, bodies of 32 MiB. */
    public static ServeOptions defaults() {
        return new ServeOptions("127.0.0.1", DEFAULT_PORT, null, false, 32, 256, 32 << 20, 16 << 10, 4096,
                Duration.ofSeconds(60), Duration.ofSeconds(5), Duration.ZERO, Duration.ofSeconds(30), Set.of(),
                _ -> {});
    }

    public ServeOptions withHost(String newHost) {
        return with(copy -> copy.host = newHost);
    }

    public ServeOptions withPort(int newPort) {
        return with(copy -> copy.port = newPort);
    }

    public ServeOptions withKeyFile(@Nullable Path newKeyFile) {
        return with(copy -> copy.keyFile = newKeyFile);
    }

    public ServeOptions withOpenMetrics(boolean isOpen) {
        return with(copy -> copy.hasOpenMetrics = isOpen);
    }

    public ServeOptions withMaxRunning(int newMaxRunning) {
        return with(copy -> copy.maxRunning = newMaxRunning);
    }

    public ServeOptions withMaxWaiting(int newMaxWaiting) {
        return with(copy -> copy.maxWaiting = newMaxWaiting);
    }

    public ServeOptions withMaxBodyBytes(int newMaxBodyBytes) {
        return with(copy -> copy.maxBodyBytes = newMaxBodyBytes);
    }

    public ServeOptions withIdleTimeout(Duration newIdleTimeout) {
        return with(copy -> copy.idleTimeout = newIdleTimeout);
    }

    public ServeOptions withPingInterval(Duration newPingInterval) {
        return with(copy -> copy.pingInterval = newPingInterval);
    }

    public ServeOptions withWarmUp(Duration newWarmUp) {
        return with(copy -> copy.warmUp = newWarmUp);
    }

    public ServeOptions withDrainTimeout(Duration newDrainTimeout) {
        return with(copy -> copy.drainTimeout = newDrainTimeout);
    }

    public ServeOptions withCorsOrigins(Set<String> newCorsOrigins) {
        return with(copy -> copy.corsOrigins = newCorsOrigins);
    }

    public ServeOptions withLog(Consumer<String> newLog) {
        return with(copy -> copy.log = newLog);
    }

    private ServeOptions with(Consumer<Copy> change) {
        Copy copy = new Copy(this);
        change.accept(copy);
        return copy.toOptions();
    }

    /** The keys of the file. */
    ApiKeys keys() throws IOException {
        return keyFile == null ? ApiKeys.NONE : ApiKeys.read(keyFile);
    }

    /** The components, to be changed. */
    private static final class Copy {
        private String host;
        private int port;
        private @Nullable Path keyFile;
        private boolean hasOpenMetrics;
        private int maxRunning;
        private int maxWaiting;
        private int maxBodyBytes;
        private final int maxHeaderBytes;
        private final int maxConnections;
        private Duration idleTimeout;
        private Duration pingInterval;
        private Duration warmUp;
        private Duration drainTimeout;
        private Set<String> corsOrigins;
        private Consumer<String> log;

        Copy(ServeOptions options) {
            host = options.host;
            port = options.port;
            keyFile = options.keyFile;
            hasOpenMetrics = options.hasOpenMetrics;
            maxRunning = options.maxRunning;
            maxWaiting = options.maxWaiting;
            maxBodyBytes = options.maxBodyBytes;
            maxHeaderBytes = options.maxHeaderBytes;
            maxConnections = options.maxConnections;
            idleTimeout = options.idleTimeout;
            pingInterval = options.pingInterval;
            warmUp = options.warmUp;
            drainTimeout = options.drainTimeout;
            corsOrigins = options.corsOrigins;
            log = options.log;
        }

        ServeOptions toOptions() {
            return new ServeOptions(host, port, keyFile, hasOpenMetrics, maxRunning, maxWaiting, maxBodyBytes,
                    maxHeaderBytes, maxConnections, idleTimeout, pingInterval, warmUp, drainTimeout, corsOrigins, log);
        }
    }
}
