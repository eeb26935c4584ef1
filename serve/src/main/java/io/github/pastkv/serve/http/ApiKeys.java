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
 * The keys that are let in, and whose each is. Only digests are kept, and a presented key is compared with all of
 * them in the same time whether or not one fits. Immutable, safe for any number of threads.
 */
public final class ApiKeys {
    /** No keys: everybody is let in, as {@link KeyHolder#LOCAL}. */
    public static final ApiKeys NONE = new ApiKeys(List.of());

    private static final int MIN_KEY_CHARS = 16;
    private static final String OPERATOR = "operator";

    /** A key's digest, and whose it is. */
    private static final class Entry {
        private final byte[] digest;
        private final KeyHolder holder;

        Entry(byte[] digest, KeyHolder holder) {
            this.digest = digest;
            this.holder = holder;
        }
    }

    private final List<Entry> entries;

    private ApiKeys(List<Entry> entries) {
        this.entries = List.copyOf(entries);
    }

    /**
     * Reads a file with a line for each key: the key, the name of its tenant, and {@code operator} for those who run
     * the server. Blank lines and lines that begin with {@code #} are skipped. Several keys may have one tenant.
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
            boolean isOperator = parts.length == 3 && parts[2].equals(OPERATOR);
            if ((parts.length != 2 && !isOperator) || parts[0].length() < MIN_KEY_CHARS) {
                throw new IllegalArgumentException(file + ": line " + lineNumber + " must be a key of at least "
                        + MIN_KEY_CHARS + " characters, a tenant and, if it may see all tenants' names, '" + OPERATOR
                        + "', separated by spaces");
            }
            entries.add(new Entry(digest(parts[0]), new KeyHolder(parts[1], isOperator)));
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

    /** Whose a presented key is; empty if it is none of ours. */
    public Optional<KeyHolder> holder(@Nullable String key) {
        if (!isRequired()) {
            return Optional.of(KeyHolder.LOCAL);
        }
        byte[] presented = digest(key == null ? "" : key);
        KeyHolder holder = null;
        for (Entry entry : entries) { // all of them, so that the time says nothing about which one fits
            if (MessageDigest.isEqual(entry.digest, presented)) {
                holder = entry.holder;
            }
        }
        return Optional.ofNullable(holder);
    }
}
