package io.github.pastkv.serve.http;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The keys that are let in, and the tenant of each. Only digests are kept, and a presented key is compared with all of
 * them in the same time whether or not one fits. Immutable, safe for any number of threads.
 */
public final class ApiKeys {
    /** The tenant of all requests where no keys are set. */
    public static final String LOCAL_TENANT = "local";
    /** No keys: everybody is let in, as {@link #LOCAL_TENANT}. */
    public static final ApiKeys NONE = new ApiKeys(List.of());

    private static final int MIN_KEY_CHARS = 16;

    /** A key's digest, and its tenant. */
    private static final class Entry {
        private final byte[] digest;
        private final String tenant;

        Entry(byte[] digest, String tenant) {
            this.digest = digest;
            this.tenant = tenant;
        }
    }

    private final List<Entry> entries;

    private ApiKeys(List<Entry> entries) {
        this.entries = List.copyOf(entries);
    }

    /**
     * Reads a file with a line for each key: the key, and the name of its tenant. Blank lines and lines that begin with
     * {@code #} are skipped. Several keys may have one tenant.
     *
     * @throws IllegalArgumentException naming the file and the line that is wrong
     */
    public static ApiKeys read(Path file) throws IOException {
        List<Entry> entries = new ArrayList<>();
        int lineNumber = 0;
        for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
            lineNumber++;
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            String[] parts = line.strip().split("\\s+", -1);
            if (parts.length != 2 || parts[0].length() < MIN_KEY_CHARS) {
                throw new IllegalArgumentException(file + ": line " + lineNumber + " must be a key of at least "
                        + MIN_KEY_CHARS + " characters and a tenant, separated by a space");
            }
            entries.add(new Entry(digest(parts[0]), parts[1]));
        }
        if (entries.isEmpty()) {
            throw new IllegalArgumentException(file + ": holds no key");
        }
        return new ApiKeys(entries);
    }

    private static byte[] digest(String key) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every JDK has it
        }
    }

    /** Whether keys are asked for at all. */
    public boolean isRequired() {
        return !entries.isEmpty();
    }

    /** The tenant of a presented key; empty if it is none of ours. */
    public Optional<String> tenant(@Nullable String key) {
        if (!isRequired()) {
            return Optional.of(LOCAL_TENANT);
        }
        byte[] presented = digest(key == null ? "" : key);
        String tenant = null;
        for (Entry entry : entries) { // all of them, so that the time says nothing about which one fits
            if (MessageDigest.isEqual(entry.digest, presented)) {
                tenant = entry.tenant;
            }
        }
        return Optional.ofNullable(tenant);
    }
}
