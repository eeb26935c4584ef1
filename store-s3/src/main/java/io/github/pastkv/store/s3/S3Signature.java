package io.github.pastkv.store.s3;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** AWS Signature Version 4 for S3, in headers. */
final class S3Signature {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

    private final S3Credentials credentials;
    private final String region;

    S3Signature(S3Credentials credentials, String region) {
        this.credentials = credentials;
        this.region = region;
    }

    /** The headers that sign a request; {@code path} and {@code query} are encoded, the query in the order of names. */
    Map<String, String> headers(String method, URI endpoint, String path, String query, byte[] body, Instant now) {
        String time = TIME.format(now);
        String bodyHash = hex(sha256(body));
        SortedMap<String, String> headers = new TreeMap<>();
        headers.put("host", host(endpoint));
        headers.put("x-amz-content-sha256", bodyHash);
        headers.put("x-amz-date", time);
        if (credentials.sessionToken() != null) {
            headers.put("x-amz-security-token", credentials.sessionToken());
        }
        String names = String.join(";", headers.keySet());
        String lines = headers.entrySet().stream().map(header -> header.getKey() + ":" + header.getValue() + "\n")
                .collect(Collectors.joining());
        String request = String.join("\n", method, path, query, lines, names, bodyHash);
        String day = time.substring(0, 8);
        String scope = day + "/" + region + "/s3/aws4_request";
        String toSign = String.join("\n", "AWS4-HMAC-SHA256", time, scope, hex(sha256(bytes(request))));
        byte[] key = bytes("AWS4" + credentials.secretAccessKey());
        for (String part : new String[] {day, region, "s3", "aws4_request", toSign}) {
            key = hmac(key, part);
        }
        headers.put("authorization", "AWS4-HMAC-SHA256 Credential=" + credentials.accessKeyId() + "/" + scope
                + ",SignedHeaders=" + names + ",Signature=" + hex(key));
        headers.remove("host"); // the client sends it
        return headers;
    }

    private static String host(URI endpoint) {
        int usual = endpoint.getScheme().equals("https") ? 443 : 80;
        return endpoint.getPort() < 0 || endpoint.getPort() == usual ? endpoint.getHost()
                : endpoint.getHost() + ":" + endpoint.getPort();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    private static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static byte[] hmac(byte[] key, String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac.doFinal(bytes(text));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has HmacSHA256", e);
        }
    }
}
