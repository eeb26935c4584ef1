package io.github.pastkv.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Keys from a file with a line {@code TENANT KEY} for each, the key in Base64 ({@code openssl rand -base64 32}). The
 * tenant {@code -} is that of sessions without a salt, {@code *} all that have no line of their own. Of several lines
 * of a tenant the last one encrypts; the others decrypt what was encrypted before. Empty lines and those with {@code #}
 * are skipped.
 *
 * <p>The file is read again when it changes: a line that is removed takes its key away. A file that is gone or wrong
 * then has no keys. It must not be readable by others.
 */
public final class KeyFile implements KeyProvider {
    private final Path file;
    private Keys keys; // under this
    private @Nullable FileTime modified; // under this

    private record Keys(Map<String, TierKey> byTenant, Map<String, TierKey> byId) {}

    /**
     * Reads a file.
     *
     * @throws IOException when it cannot be read, others can read it too, or a line is wrong; the message has the
     *         line's number and not its content
     */
    public KeyFile(Path file) throws IOException {
        this.file = file;
        this.modified = Files.getLastModifiedTime(file);
        this.keys = read(file);
    }

    private static Keys read(Path file) throws IOException {
        if (Files.getFileStore(file).supportsFileAttributeView("posix")) {
            Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
            if (permissions.contains(PosixFilePermission.GROUP_READ)
                    || permissions.contains(PosixFilePermission.OTHERS_READ)) {
                throw new IOException("keys: " + file + " can be read by others, must be its owner's only (chmod 600)");
            }
        }
        Map<String, TierKey> byTenant = new HashMap<>();
        Map<String, TierKey> byId = new HashMap<>();
        int number = 0;
        for (String line : Files.readAllLines(file)) {
            number++;
            if (!line.isBlank() && !line.startsWith("#")) {
                String[] parts = line.strip().split("[ \t]+", -1);
                TierKey key = parts.length == 2 ? key(parts[1]) : null;
                if (key == null) {
                    throw new IOException("keys: " + file + ", line " + number
                            + " must be TENANT KEY, the key being 32 bytes in Base64");
                }
                byTenant.put(parts[0].equals("-") ? "" : parts[0], key);
                byId.put(key.id(), key);
            }
        }
        return new Keys(Map.copyOf(byTenant), Map.copyOf(byId));
    }

    private static @Nullable TierKey key(String base64) {
        try {
            return new TierKey(Base64.getDecoder().decode(base64));
        } catch (IllegalArgumentException e) { // without its message, which has digits of the key
            return null;
        }
    }

    private synchronized Keys current() {
        try {
            FileTime now = Files.getLastModifiedTime(file);
            if (!now.equals(modified)) {
                modified = now;
                keys = read(file);
            }
        } catch (IOException e) {
            modified = null;
            keys = new Keys(Map.of(), Map.of());
        }
        return keys;
    }

    @Override
    public @Nullable TierKey keyOf(String tenant) {
        Map<String, TierKey> byTenant = current().byTenant();
        TierKey own = byTenant.get(tenant);
        return own == null ? byTenant.get("*") : own;
    }

    @Override
    public @Nullable TierKey keyWithId(String id) {
        return current().byId().get(id);
    }
}
