package io.github.pastkv.store.s3;

import io.github.pastkv.store.TierUri;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a bucket is and how a tier uses it.
 *
 * @param endpoint server, without a path
 * @param isPathStyle whether the bucket stands in the path, else in the host's name
 * @param prefix of all its objects, with a slash at its end; empty for none
 * @param deadline longest time of a call that reads
 * @param writeDeadline longest time of a put, which no request waits for
 */
record S3Address(URI endpoint, boolean isPathStyle, String bucket, String prefix, String region, Duration deadline,
        Duration writeDeadline) {
    private static final Pattern LOCATION =
            Pattern.compile("//([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/([A-Za-z0-9/._-]{0,500}))?");

    static S3Address of(TierUri uri) {
        Matcher location = LOCATION.matcher(uri.location());
        if (!location.matches()) {
            throw new IllegalArgumentException("cache tier " + uri
                    + ": must be s3://BUCKET[/PREFIX], a prefix being letters, digits and . _ - /");
        }
        String bucket = location.group(1);
        String prefix = location.group(2) == null ? "" : location.group(2).replaceAll("/+$", "");
        String region = uri.option("region", System.getenv().getOrDefault("AWS_REGION", "us-east-1"));
        if (!region.matches("[a-z0-9-]{1,50}")) {
            throw uri.refusal("region", "must be a region such as eu-central-1");
        }
        boolean hasEndpoint = uri.options().containsKey("endpoint");
        boolean isPathStyle = hasEndpoint || bucket.contains(".");
        URI endpoint = endpoint(uri, hasEndpoint ? uri.option("endpoint", "")
                : "https://" + (isPathStyle ? "" : bucket + ".") + "s3." + region + ".amazonaws.com");
        return new S3Address(endpoint, isPathStyle, bucket, prefix.isEmpty() ? "" : prefix + "/", region,
                positive(uri, "deadline", Duration.ofSeconds(5)),
                positive(uri, "writeDeadline", Duration.ofSeconds(60)));
    }

    private static URI endpoint(TierUri uri, String text) {
        try {
            URI endpoint = new URI(text.replaceAll("/$", ""));
            if (endpoint.getHost() != null && endpoint.getUserInfo() == null && endpoint.getRawPath().isEmpty()
                    && String.valueOf(endpoint.getScheme()).matches("https?")) {
                return endpoint;
            }
        } catch (URISyntaxException e) {
            throw uri.refusal("endpoint", "must be http[s]://HOST[:PORT]");
        }
        throw uri.refusal("endpoint", "must be http[s]://HOST[:PORT]");
    }

    private static Duration positive(TierUri uri, String name, Duration otherwise) {
        Duration time = uri.time(name, otherwise);
        if (time.isZero()) {
            throw uri.refusal(name, "must be positive");
        }
        return time;
    }

    /** Path of the bucket itself. */
    String bucketPath() {
        return isPathStyle ? "/" + bucket : "";
    }

    /** {@code s3://BUCKET/PREFIX}. */
    @Override
    public String toString() {
        return "s3://" + bucket + "/" + prefix;
    }
}
