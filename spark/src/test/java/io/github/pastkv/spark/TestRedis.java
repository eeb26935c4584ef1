package io.github.pastkv.spark;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import redis.embedded.RedisServer;

/** A real server on a free port of this machine. */
final class TestRedis implements AutoCloseable {
    private final int port;
    private final RedisServer server;

    TestRedis() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            this.port = free.getLocalPort();
        }
        this.server = RedisServer.newRedisServer().bind("127.0.0.1").port(port).setting("save \"\"")
                .setting("appendonly no").onShutdownForceStop(true).build();
        server.start();
    }

    String uri() {
        return "redis://127.0.0.1:" + port;
    }

    long numKeys() throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
                BufferedReader reply =
                        new BufferedReader(new InputStreamReader(socket.getInputStream(), US_ASCII))) {
            socket.getOutputStream().write("DBSIZE\r\n".getBytes(US_ASCII));
            return Long.parseLong(reply.readLine().substring(1)); // ":7"
        }
    }

    @Override
    public void close() throws IOException {
        server.stop();
    }
}
