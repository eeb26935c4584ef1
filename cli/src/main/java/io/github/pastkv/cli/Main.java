package io.github.pastkv.cli;

/** The entry point of the pastkv command. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        System.out.println("Usage: pastkv <command> [options]");
    }
}
