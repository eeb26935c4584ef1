package io.github.pastkv.serve.http;

import io.github.pastkv.serve.request.ApiException;
import tools.jackson.databind.node.ObjectNode;

/** Writes errors in the forms of the interfaces that clients use. */
@FunctionalInterface
public interface ErrorForm {
    /** The body of the answer to a request of {@code path}, which need not be that of an endpoint. */
    ObjectNode json(String path, ApiException error);
}
