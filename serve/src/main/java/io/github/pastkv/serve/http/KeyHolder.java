package io.github.pastkv.serve.http;

/**
 * Whose key a request came with.
 *
 * @param tenant whose prompts and cached prefixes these are
 * @param isOperator whether the status names other tenants to it, as to those who run the server
 */
public record KeyHolder(String tenant, boolean isOperator) {
    /** Everybody, where no keys are set. */
    static final KeyHolder LOCAL = new KeyHolder("local", true);
    /** Nobody: no valid key was presented. */
    static final KeyHolder NONE = new KeyHolder("", false);
}
