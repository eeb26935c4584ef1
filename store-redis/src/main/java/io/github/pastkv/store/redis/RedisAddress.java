package io.github.pastkv.store.redis;

import io.github.pastkv.store.TierUri;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Where a Redis or Valkey server is and how a tier uses it.
 *
 * @param user null for the default user
 * @param password null for none
 * @param prefix of all its keys on the server
 * @param timeToLive of a chunk after its last use; zero for ever
 * @param deadline longest time of a call
 */
record RedisAddress(String host, int port, boolean usesTls, @Nullable String user, @Nullable String password,
        int database, String prefix, Duration timeToLive, Duration deadline) {
    static final Duration DEFAULT_TIME_TO_LIVE = Duration.ofDays(7);
    static final Duration DEFAULT_DEADLINE = Duration.ofSeconds(1);
    private static final int DEFAULT_PORT = 6379;

    static RedisAddress of(TierUri uri) throws IOException {
        URI server;
        try {
            server = new URI(uri.scheme() + ":" + uri.location());
        } catch (URISyntaxException e) { // without its message, which has the password
            throw refusal(uri);
        }
        String database = server.getPath() == null ? "" : server.getPath().replaceFirst("^/", "");
        if (server.getHost() == null || server.getFragment() != null || !database.matches("[0-9]{0,5}")) {
            throw refusal(uri);
        }
        String login = server.getUserInfo();
        int colon = login == null ? -1 : login.indexOf(':');
        if (login != null && colon < 0) {
            throw refusal(uri);
        }
        String user = login == null || colon == 0 ? null : login.substring(0, colon);
        String password = login == null ? null : login.substring(colon + 1);
        String file = uri.options().get("passwordFile");
        if (file != null) {
            if (file.isBlank()) {
                throw uri.refusal("passwordFile", "must be a file");
            }
            password = Files.readString(Path.of(file)).strip();
        }
        String prefix = uri.option("prefix", "pastkv");
        if (!prefix.matches("[A-Za-z0-9._:{}-]{1,100}")) {
            throw uri.refusal("prefix", "must be 1 to 100 letters, digits and . _ : { } -");
        }
        Duration deadline = uri.time("deadline", DEFAULT_DEADLINE);
        if (deadline.isZero()) {
            throw uri.refusal("deadline", "must be positive");
        }
        return new RedisAddress(server.getHost(), server.getPort() < 0 ? DEFAULT_PORT : server.getPort(),
                uri.scheme().equals("rediss"), user, password, database.isEmpty() ? 0 : Integer.parseInt(database),
                prefix, uri.time("ttl", DEFAULT_TIME_TO_LIVE), deadline);
    }

    private static IllegalArgumentException refusal(TierUri uri) {
        return new IllegalArgumentException(
                "cache tier " + uri + ": must be " + uri.scheme() + "://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]");
    }

    /** Without user and password. */
    @Override
    public String toString() {
        return (usesTls ? "rediss://" : "redis://") + host + ":" + port + (database == 0 ? "" : "/" + database);
    }
}
