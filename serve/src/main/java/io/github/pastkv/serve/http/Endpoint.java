package io.github.pastkv.serve.http;

import io.github.pastkv.serve.request.ApiException;
import java.io.IOException;

/** What answers the requests of a route, each on a virtual thread of its own. */
@FunctionalInterface
public interface Endpoint {
    /**
     * Answers a request.
     *
     * @throws ApiException for an answer that is an error
     * @throws ClientGoneException when the client has left
     */
    void handle(Exchange exchange) throws IOException;
}
