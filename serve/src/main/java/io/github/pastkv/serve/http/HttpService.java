package io.github.pastkv.serve.http;

import io.github.pastkv.serve.request.ApiException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http2.server.HTTP2CServerConnectionFactory;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * The HTTP server: HTTP/1.1 and HTTP/2 without TLS (h2c). A few threads of the system select, and each request is
 * answered on a virtual thread, so that a waiting one costs nothing.
 */
public final class HttpService implements AutoCloseable {
    private static final int NUM_PLATFORM_THREADS = 8;
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(5);

    private final Server server;
    private final ServerConnector connector;
    private final RouteHandler handler;

    /**
     * A server that is not started yet.
     *
     * @param errors writes all errors but those of bytes that are no request
     * @param log is given a line for each fault of the server
     */
    public HttpService(HttpOptions options, ApiKeys keys, ErrorForm errors, Consumer<String> log) {
        QueuedThreadPool threads = new QueuedThreadPool(NUM_PLATFORM_THREADS);
        threads.setName("pastkv-http");
        threads.setVirtualThreadsExecutor(Executors.newThreadPerTaskExecutor(
                Thread.ofVirtual().name("pastkv-request-", 0).factory()));
        this.server = new Server(threads);
        HttpConfiguration configuration = new HttpConfiguration();
        configuration.setRequestHeaderSize(options.maxHeaderBytes());
        configuration.setSendServerVersion(false);
        this.connector = new ServerConnector(server, null, null, null, 1, 1, new HttpConnectionFactory(configuration),
                new HTTP2CServerConnectionFactory(configuration)) {
            @Override
            protected SocketChannelEndPoint newEndPoint(SocketChannel channel, ManagedSelector selector,
                    SelectionKey key) {
                ClientEndPoint endPoint = new ClientEndPoint(channel, selector, key, getScheduler());
                endPoint.setIdleTimeout(getIdleTimeout());
                return endPoint;
            }
        };
        connector.setHost(options.host());
        connector.setPort(options.port());
        connector.setIdleTimeout(options.idleTimeout().toMillis());
        server.addConnector(connector);
        server.addBean(new NetworkConnectionLimit(options.maxConnections(), connector));
        this.handler = new RouteHandler(options, keys, errors, log);
        server.setHandler(handler);
        server.setStopTimeout(0);
        server.setErrorHandler((request, response, callback) -> { // what is no request gets JSON too
            int status = response.getStatus();
            byte[] body = ApiException.ofStatus(status, "bad_request", "HTTP " + status).toJson().toString()
                    .getBytes(StandardCharsets.UTF_8);
            response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/json");
            response.write(true, ByteBuffer.wrap(body), callback);
            return true;
        });
    }

    /** Answers requests by these routes; before, all get 503. */
    public void setRoutes(List<Route> routes) {
        handler.setRoutes(routes);
    }

    /** Binds the port. */
    public void start() throws IOException {
        try {
            server.start();
        } catch (IOException e) {
            throw e;
        } catch (Exception e) { // Jetty's life cycle declares it
            throw new IOException("the server does not start: " + e.getMessage(), e);
        }
    }

    /** The port that is bound. */
    public int port() {
        return connector.getLocalPort();
    }

    /** Ends the server; answers that are being sent have a few seconds to end, then they lose their connection. */
    @Override
    public void close() {
        try {
            handler.openRequests().awaitNone(STOP_TIMEOUT);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt(); // it stops at once
        }
        try {
            server.stop();
        } catch (Exception e) { // Jetty's life cycle declares it
            throw new IllegalStateException("the server does not stop: " + e.getMessage(), e);
        }
    }
}
