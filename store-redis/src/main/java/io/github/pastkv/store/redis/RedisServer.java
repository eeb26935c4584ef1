package io.github.pastkv.store.redis;

import io.github.pastkv.store.DeadlineCalls;
import io.github.pastkv.store.TierUnavailableException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Connection;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.SslOptions;
import redis.clients.jedis.SslVerifyMode;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * Sends commands to a server in pipelines, over a few connections that are kept, within a deadline. A kept connection
 * that turns out to be closed, as after a restart of the server, is replaced once.
 */
final class RedisServer implements AutoCloseable {
    private static final int MAX_CONNECTIONS = 16;

    private final HostAndPort address;
    private final JedisClientConfig config;
    private final DeadlineCalls calls;
    private final Deque<Connection> idle = new ArrayDeque<>(); // locked by itself
    private boolean closed; // under idle's lock

    RedisServer(RedisAddress address, Duration firstPause) {
        this.address = new HostAndPort(address.host(), address.port());
        int millis = (int) Math.min(address.deadline().toMillis(), Integer.MAX_VALUE);
        DefaultJedisClientConfig.Builder builder = DefaultJedisClientConfig.builder().resp2()
                .autoNegotiateProtocol(false).timeoutMillis(millis).database(address.database());
        if (address.password() != null) {
            builder.password(address.password());
        }
        if (address.user() != null) {
            builder.user(address.user());
        }
        if (address.usesTls()) {
            builder.sslOptions(SslOptions.builder().sslVerifyMode(SslVerifyMode.FULL).build());
        }
        this.config = builder.build();
        this.calls = new DeadlineCalls(address.toString(), address.deadline(), MAX_CONNECTIONS, firstPause);
    }

    /** Commands that are sent together. */
    static final class Pipeline {
        private final List<CommandArguments> commands = new ArrayList<>();

        Pipeline add(Command command, byte[]... arguments) {
            CommandArguments sent = new CommandArguments(command);
            for (byte[] argument : arguments) {
                sent.add(argument);
            }
            commands.add(sent);
            return this;
        }

        int size() {
            return commands.size();
        }
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] bytes(long number) {
        return bytes(Long.toString(number));
    }

    /**
     * What some pipelines return, all together within the deadline.
     *
     * @throws TierUnavailableException when the server does not answer, or with an error
     */
    <T> T within(Callable<T> pipelines) throws TierUnavailableException {
        return calls.call(() -> {
            try {
                return pipelines.call();
            } catch (JedisDataException e) {
                throw new TierUnavailableException(String.valueOf(e.getMessage()));
            }
        });
    }

    /**
     * The replies to commands, in their order; to be called within {@link #within}.
     *
     * @throws JedisDataException the first reply that is an error
     */
    List<Object> run(Pipeline pipeline) {
        List<Object> replies = runOn(pipeline);
        for (Object reply : replies) {
            if (reply instanceof JedisDataException error) {
                throw error;
            }
        }
        return replies;
    }

    private List<Object> runOn(Pipeline pipeline) {
        Connection kept = take();
        if (kept != null) {
            try {
                return runOn(kept, pipeline);
            } catch (JedisConnectionException e) {
                closeIdle();
            }
        }
        return runOn(new Connection(address, config), pipeline);
    }

    private List<Object> runOn(Connection connection, Pipeline pipeline) {
        boolean isSound = false;
        try {
            pipeline.commands.forEach(connection::sendCommand);
            List<Object> replies = connection.getMany(pipeline.size());
            isSound = true;
            return replies;
        } finally {
            if (isSound) {
                keep(connection);
            } else {
                discard(connection);
            }
        }
    }

    private @Nullable Connection take() {
        synchronized (idle) {
            return idle.pollFirst();
        }
    }

    private void keep(Connection connection) {
        synchronized (idle) {
            if (!closed) {
                idle.addFirst(connection);
                return;
            }
        }
        discard(connection);
    }

    private static void discard(Connection connection) {
        try {
            connection.disconnect();
        } catch (RuntimeException e) {
            return; // it is gone
        }
    }

    private void closeIdle() {
        List<Connection> all;
        synchronized (idle) {
            all = List.copyOf(idle);
            idle.clear();
        }
        all.forEach(RedisServer::discard);
    }

    @Override
    public void close() {
        calls.close();
        synchronized (idle) {
            closed = true;
        }
        closeIdle();
    }
}
