package io.github.pastkv.spark;

/** A row that cannot be answered; its message becomes the row's error. */
final class BadRowException extends Exception {
    private static final long serialVersionUID = 1;

    BadRowException(String message) {
        super(message);
    }
}
