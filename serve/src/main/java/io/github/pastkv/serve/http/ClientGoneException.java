package io.github.pastkv.serve.http;

import java.io.IOException;

/** The client has closed its connection, or its stream of one. */
public final class ClientGoneException extends IOException {
    private static final long serialVersionUID = 1;

    public ClientGoneException() {
        super("the client has closed the connection");
    }
}
