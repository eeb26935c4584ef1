package io.github.pastkv.store.redis;

import io.github.pastkv.store.TierUri;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Arrays;
import redis.clients.jedis.Connection;
import redis.clients.jedis.Protocol.Command;

/** A real server on a free port of this machine. */
final class TestServer implements AutoCloseable {
    private final int port;
    private final String[] settings;
    private redis.embedded.RedisServer server;

    TestServer(String... settings) throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            this.port = free.getLocalPort();
        }
        this.settings = settings;
        start();
    }

    void start() throws IOException {
        var builder = redis.embedded.RedisServer.newRedisServer().bind("127.0.0.1").port(port).setting("save \"\"")
                .setting("appendonly no").onShutdownForceStop(true);
        Arrays.stream(settings).forEach(builder::setting);
        server = builder.build();
        server.start();
    }

    void stop() throws IOException {
        server.stop();
    }

    String uri() {
        return "redis://127.0.0.1:" + port;
    }

    RedisTier open(String options) throws IOException {
        return (RedisTier) new RedisTierProvider().open(TierUri.parse(uri() + "?" + options));
    }

    /** The reply to a command that is sent beside all tiers. */
    Object send(Command command, String... arguments) {
        try (Connection connection = new Connection("127.0.0.1", port)) {
            connection.sendCommand(command, arguments);
            return connection.getOne();
        }
    }

    @Override
    public void close() throws IOException {
        stop();
    }
}
