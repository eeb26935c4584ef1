package io.github.pastkv.store.s3;

import io.github.pastkv.store.TierUri;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What signs requests: two keys, and a token where they are temporary.
 *
 * @param sessionToken null for lasting keys
 */
record S3Credentials(String accessKeyId, String secretAccessKey, @Nullable String sessionToken) {
    /**
     * Those of the option's profile, else of the environment, else of the environment's profile or the default one in
     * the file of credentials. Those that machines and containers of a cloud hand out over HTTP are not asked for.
     */
    static S3Credentials find(TierUri uri, Map<String, String> environment) throws IOException {
        String option = stripped(uri.options().get("profile"));
        String id = stripped(environment.get("AWS_ACCESS_KEY_ID"));
        if (option == null && id != null) {
            return of(uri, "the environment", id, environment.get("AWS_SECRET_ACCESS_KEY"),
                    environment.get("AWS_SESSION_TOKEN"));
        }
        String profile = option == null ? stripped(environment.get("AWS_PROFILE")) : option;
        String name = profile == null ? "default" : profile;
        Path file = file(environment);
        if (!Files.exists(file)) {
            throw new IOException("cache tier " + uri + ": no AWS_ACCESS_KEY_ID, and no file " + file);
        }
        Map<String, String> keys = profileOf(Files.readString(file), name);
        return of(uri, "profile " + name + " of " + file, keys.get("aws_access_key_id"),
                keys.get("aws_secret_access_key"), keys.get("aws_session_token"));
    }

    private static Path file(Map<String, String> environment) {
        String file = stripped(environment.get("AWS_SHARED_CREDENTIALS_FILE"));
        return file == null ? Path.of(System.getProperty("user.home", ""), ".aws", "credentials") : Path.of(file);
    }

    /** Without blanks and line ends around it; null for nothing. */
    private static @Nullable String stripped(@Nullable String value) {
        return value == null || value.isBlank() ? null : value.strip();
    }

    private static S3Credentials of(TierUri uri, String source, @Nullable String id, @Nullable String secret,
            @Nullable String token) throws IOException {
        S3Credentials found = new S3Credentials(Objects.requireNonNullElse(stripped(id), ""),
                Objects.requireNonNullElse(stripped(secret), ""), stripped(token));
        if (found.accessKeyId.isEmpty() || found.secretAccessKey.isEmpty()) {
            throw new IOException("cache tier " + uri + ": " + source + " has no access key or no secret key");
        }
        String all = found.accessKeyId + found.secretAccessKey + Objects.requireNonNullElse(found.sessionToken, "");
        if (!all.chars().allMatch(c -> c >= '!' && c <= '~')) {
            throw new IOException(
                    "cache tier " + uri + ": a key or the token of " + source + " has a character that none can have");
        }
        return found;
    }

    private static Map<String, String> profileOf(String file, String name) {
        Map<String, String> keys = new HashMap<>();
        boolean isInside = false;
        for (String line : file.lines().map(String::strip).toList()) {
            int equals = line.indexOf('=');
            if (line.startsWith("[")) {
                isInside = line.equals("[" + name + "]");
            } else if (isInside && equals > 0 && !line.startsWith("#")) {
                keys.put(line.substring(0, equals).strip(), line.substring(equals + 1).strip());
            }
        }
        return keys;
    }

    /** Without secrets. */
    @Override
    public String toString() {
        return "credentials";
    }
}
