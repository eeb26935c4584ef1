package io.github.pastkv.serve.page;

import io.github.pastkv.serve.http.Endpoint;
import io.github.pastkv.serve.http.Exchange;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A file of the live page. It holds no data, so it needs no key; what it shows it asks for with the key that its user
 * gives.
 */
public final class PageEndpoint implements Endpoint {
    /** Nothing is loaded from elsewhere. */
    private static final String POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'; "
            + "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private final String contentType;
    private final String text;

    /** The file of that name, which is a resource of this package. */
    public PageEndpoint(String fileName, String contentType) {
        this.contentType = contentType;
        this.text = read(fileName);
    }

    private static String read(String fileName) {
        try (@Nullable InputStream in = PageEndpoint.class.getResourceAsStream(fileName)) {
            if (in == null) {
                throw new IllegalStateException(fileName + ": is not part of this build");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void handle(Exchange exchange) throws IOException {
        exchange.setHeader("Content-Security-Policy", POLICY);
        exchange.setHeader("X-Content-Type-Options", "nosniff");
        exchange.send(200, contentType, text);
    }
}
