package io.github.pastkv.store.s3;

import io.github.pastkv.store.TierUri;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What signs requests: two keys, and a token where they are temporary.
 *
 * @param sessionToken null for lasting keys
 */
record S3Credentials(String accessKeyId, String secretAccessKey, @Nullable String sessionToken) {
    /**
     * Those of the environment, or of a profile in the file of credentials. Those that machines and containers of a
     * cloud hand out over HTTP are not asked for.
     */
    static S3Credentials find(TierUri uri, Map<String, String> environment) throws IOException {
        String profile = uri.option("profile", environment.getOrDefault("AWS_PROFILE", ""));
        if (profile.isEmpty() && environment.containsKey("AWS_ACCESS_KEY_ID")) {
            return of(uri, "the environment", environment.get("AWS_ACCESS_KEY_ID"),
                    environment.get("AWS_SECRET_ACCESS_KEY"), environment.get("AWS_SESSION_TOKEN"));
        }
        Path file = Path.of(environment.getOrDefault("AWS_SHARED_CREDENTIALS_FILE",
                Path.of(System.getProperty("user.home", ""), ".aws", "credentials").toString()));
        String name = profile.isEmpty() ? "default" : profile;
        if (!Files.exists(file)) {
            throw new IOException("cache tier " + uri + ": no AWS_ACCESS_KEY_ID, and no file " + file);
        }
        Map<String, String> keys = profileOf(Files.readString(file), name);
        return of(uri, "profile " + name + " of " + file, keys.get("aws_access_key_id"),
                keys.get("aws_secret_access_key"), keys.get("aws_session_token"));
    }

    private static S3Credentials of(TierUri uri, String source, @Nullable String id, @Nullable String secret,
            @Nullable String token) throws IOException {
        if (id == null || secret == null) {
            throw new IOException("cache tier " + uri + ": " + source + " has no access key or no secret key");
        }
        return new S3Credentials(id, secret, token);
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
