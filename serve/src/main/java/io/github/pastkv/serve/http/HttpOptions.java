package io.github.pastkv.serve.http;

import java.time.Duration;
import java.util.Set;

/**
 * Where the server listens, and what it takes.
 *
 * @param host address to bind
 * @param port 0 for any free one
 * @param maxBodyBytes longest body of a request
 * @param maxHeaderBytes longest request line with headers
 * @param maxConnections most connections at once; more wait in the system's queue
 * @param idleTimeout after which a connection that neither sends nor takes anything is closed
 * @param corsOrigins origins of browsers that may ask; empty for none
 * @param acceptsAnyHost whether any {@code Host} header is taken; otherwise only names of this machine's loopback, so
 *        that a page of another site cannot reach it by a name of its own (DNS rebinding)
 */
public record HttpOptions(String host, int port, int maxBodyBytes, int maxHeaderBytes, int maxConnections,
        Duration idleTimeout, Set<String> corsOrigins, boolean acceptsAnyHost) {
    public HttpOptions {
        corsOrigins = Set.copyOf(corsOrigins);
    }
}
