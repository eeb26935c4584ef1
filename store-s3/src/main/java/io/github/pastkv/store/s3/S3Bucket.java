package io.github.pastkv.store.s3;

import io.github.pastkv.store.TierUnavailableException;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Requests to a bucket, each signed; without a deadline of their own. Large objects are put in parts. A server that is
 * overloaded or broken (5xx, 429) is an {@link IOException}, any other unexpected answer a
 * {@link TierUnavailableException}.
 */
final class S3Bucket implements AutoCloseable {
    /** What became of a conditional put. */
    enum Put {
        /** It is there. */
        DONE,
        /** Another object is there already. */
        EXISTS
    }

    /** An object of a listing. */
    record Listed(String name, long bytes, Instant lastModified) {}

    /** A page of a listing; an empty token after the last one. */
    record Page(List<Listed> objects, String nextToken) {}

    private static final long MAX_ANSWER_BYTES = 16L << 20; // of listings and errors

    private static final byte[] NO_BODY = {};
    private static final Pattern OBJECT = Pattern.compile("(?s)<Contents>(.*?)</Contents>");

    private final S3Address address;
    private final S3Signature signature;
    private final S3Limits limits;
    private final HttpClient http;

    S3Bucket(S3Address address, S3Credentials credentials, S3Limits limits) {
        this.address = address;
        this.signature = new S3Signature(credentials, address.region());
        this.limits = limits;
        this.http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(address.deadline())
                .followRedirects(HttpClient.Redirect.NEVER).build();
    }

    private HttpResponse<byte[]> send(String method, String name, Map<String, String> query, byte[] body,
            String... headers) throws IOException, InterruptedException {
        String path = address.bucketPath() + (name.isEmpty() ? "" : "/" + address.prefix() + name);
        path = path.isEmpty() ? "/" : path;
        String encoded = new TreeMap<>(query).entrySet().stream()
                .map(each -> encode(each.getKey()) + "=" + encode(each.getValue())).collect(Collectors.joining("&"));
        HttpRequest.Builder request = HttpRequest.newBuilder(
                URI.create(address.endpoint() + path + (encoded.isEmpty() ? "" : "?" + encoded)))
                .method(method, body.length == 0 && !method.equals("PUT") && !method.equals("POST")
                        ? BodyPublishers.noBody()
                        : BodyPublishers.ofByteArray(body));
        signature.headers(method, address.endpoint(), path, encoded, body, Instant.now()).forEach(request::header);
        if (headers.length > 0) {
            request.headers(headers);
        }
        boolean isObject = method.equals("GET") && !name.isEmpty();
        HttpResponse<byte[]> response = http.send(request.build(), BodyHandlers.limiting(BodyHandlers.ofByteArray(),
                isObject ? limits.maxObjectBytes() : MAX_ANSWER_BYTES));
        if ((response.statusCode() >= 500 && response.statusCode() != 501) || response.statusCode() == 429) {
            throw new IOException(method + ": " + refusal(response));
        }
        return response;
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20").replace("*", "%2A")
                .replace("%7E", "~");
    }

    private static String text(HttpResponse<byte[]> response) {
        return new String(response.body(), StandardCharsets.UTF_8);
    }

    private static String element(String xml, String name) {
        Matcher matcher = Pattern.compile("<" + name + ">([^<]*)</" + name + ">").matcher(xml);
        return matcher.find()
                ? matcher.group(1).replace("&quot;", "\"").replace("&#34;", "\"").replace("&lt;", "<")
                        .replace("&gt;", ">").replace("&apos;", "'").replace("&amp;", "&")
                : "";
    }

    private static String refusal(HttpResponse<byte[]> response) {
        return ("status " + response.statusCode() + " " + element(text(response), "Code")).strip();
    }

    private static TierUnavailableException unexpected(String what, HttpResponse<byte[]> response) {
        return new TierUnavailableException(what + ": " + refusal(response));
    }

    /** What the server has against the keys or the bucket; empty for nothing. */
    String refusal() throws IOException, InterruptedException {
        HttpResponse<byte[]> response = send("GET", "", Map.of("list-type", "2", "max-keys", "1"), NO_BODY);
        return response.statusCode() == 200 ? "" : refusal(response);
    }

    /** Bytes of an object, or -1 for none. */
    long size(String name) throws IOException, InterruptedException, TierUnavailableException {
        HttpResponse<byte[]> response = send("HEAD", name, Map.of(), NO_BODY);
        if (response.statusCode() == 404) {
            return -1;
        }
        if (response.statusCode() != 200) {
            throw unexpected("HEAD", response);
        }
        return response.headers().firstValueAsLong("Content-Length").orElse(0);
    }

    /** The first {@code maxBytes} bytes of an object, at least; an empty array for none. */
    byte[] get(String name, long maxBytes) throws IOException, InterruptedException, TierUnavailableException {
        HttpResponse<byte[]> response = maxBytes < limits.maxObjectBytes()
                ? send("GET", name, Map.of(), NO_BODY, "Range", "bytes=0-" + (Math.max(1, maxBytes) - 1))
                : send("GET", name, Map.of(), NO_BODY);
        if (response.statusCode() == 404) {
            return NO_BODY;
        }
        if (response.statusCode() != 200 && response.statusCode() != 206) {
            throw unexpected("GET", response);
        }
        return response.body();
    }

    /**
     * Puts an object as a whole: it is there with all its bytes, or not.
     *
     * @param onlyNew whether one that is there stays
     */
    Put put(String name, byte[] content, boolean onlyNew)
            throws IOException, InterruptedException, TierUnavailableException {
        String[] condition = onlyNew ? new String[] {"If-None-Match", "*"} : new String[0];
        HttpResponse<byte[]> response =
                content.length <= limits.partBytes() ? send("PUT", name, Map.of(), content, condition)
                        : putParts(name, content, condition);
        if (response.statusCode() == 412) {
            return Put.EXISTS;
        }
        if (response.statusCode() != 200 || text(response).contains("<Error>")) {
            throw unexpected("PUT", response);
        }
        return Put.DONE;
    }

    private HttpResponse<byte[]> putParts(String name, byte[] content, String[] condition)
            throws IOException, InterruptedException, TierUnavailableException {
        String upload = element(text(send("POST", name, Map.of("uploads", ""), NO_BODY)), "UploadId");
        if (upload.isEmpty()) {
            throw new TierUnavailableException("POST: no upload in parts");
        }
        HttpResponse<byte[]> last = null;
        int partBytes = limits.partBytes();
        try {
            StringBuilder parts = new StringBuilder("<CompleteMultipartUpload>");
            for (int part = 1, from = 0; from < content.length; part++, from += partBytes) {
                HttpResponse<byte[]> response =
                        send("PUT", name, Map.of("partNumber", Integer.toString(part), "uploadId", upload),
                                Arrays.copyOfRange(content, from, Math.min(content.length, from + partBytes)));
                if (response.statusCode() != 200) {
                    throw unexpected("PUT", response);
                }
                parts.append("<Part><PartNumber>").append(part).append("</PartNumber><ETag>")
                        .append(response.headers().firstValue("ETag").orElse("")).append("</ETag></Part>");
            }
            byte[] all = parts.append("</CompleteMultipartUpload>").toString().getBytes(StandardCharsets.UTF_8);
            last = send("POST", name, Map.of("uploadId", upload), all, condition);
            return last;
        } finally {
            if (last == null || last.statusCode() != 200) {
                send("DELETE", name, Map.of("uploadId", upload), NO_BODY);
            }
        }
    }

    void delete(String name) throws IOException, InterruptedException {
        send("DELETE", name, Map.of(), NO_BODY);
    }

    /** Objects whose names begin so, in the order of names. */
    Page list(String beginning, int maxObjects, String token)
            throws IOException, InterruptedException, TierUnavailableException {
        Map<String, String> query = new TreeMap<>(Map.of("list-type", "2", "max-keys", Integer.toString(maxObjects),
                "prefix", address.prefix() + beginning));
        if (!token.isEmpty()) {
            query.put("continuation-token", token);
        }
        HttpResponse<byte[]> response = send("GET", "", query, NO_BODY);
        if (response.statusCode() != 200) {
            throw unexpected("LIST", response);
        }
        String xml = text(response);
        List<Listed> objects = new ArrayList<>();
        for (String each : OBJECT.matcher(xml).results().map(match -> match.group(1)).toList()) {
            String key = element(each, "Key");
            String name = key.startsWith(address.prefix()) ? key.substring(address.prefix().length()) : "/";
            if (!name.contains("/")) { // else of a tier with a longer prefix
                objects.add(new Listed(name, Long.parseLong(element(each, "Size")),
                        Instant.parse(element(each, "LastModified"))));
            }
        }
        return new Page(objects, element(xml, "NextContinuationToken"));
    }

    @Override
    public void close() {
        http.shutdownNow();
    }
}
