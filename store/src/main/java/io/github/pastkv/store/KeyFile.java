package io.github.pastkv.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Base64;
import java.util.Collections;
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
 * then has no keys. It must be neither readable nor writable by others.
 */
public final class KeyFile implements KeyProvider {
    private static final Set<PosixFilePermission> OF_OTHERS =
            Set.of(PosixFilePermission.GROUP_READ, PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_READ,
                    PosixFilePermission.OTHERS_WRITE);

    private final Path file;
    private Keys keys; // under this
    private @Nullable Version version; // under this

    /** What changes when a file is written or replaced. */
    private record Version(FileTime modified, long size, @Nullable Object fileKey) {
        static Version of(Path file) throws IOException {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return new Version(attributes.lastModifiedTime(), attributes.size(), attributes.fileKey());
        }
    }

    private record Keys(Map<String, TierKey> byTenant, Map<TenantKey, TierKey> all) {}

    private record TenantKey(String tenant, String id) {}

    /**
     * Reads a file.
     *
     * @throws IOException when it cannot be read, others can read it too, or a line is wrong; the message has the
     *         line's number and not its content
     */
    public KeyFile(Path file) throws IOException {
        this.file = file;
        this.version = Version.of(file);
        this.keys = read(file);
    }

    private static Keys read(Path file) throws IOException {
        if (Files.getFileStore(file).supportsFileAttributeView("posix")) {
            Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
            if (!Collections.disjoint(permissions, OF_OTHERS)) {
                throw new IOException(
                        "keys: " + file + " can be read or written by others, must be its owner's only (chmod 600)");
            }
        }
        Map<String, TierKey> byTenant = new HashMap<>();
        Map<TenantKey, TierKey> all = new HashMap<>();
        Map<String, String> tenants = new HashMap<>(); // by the id of their key
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
                String tenant = parts[0].equals("-") ? "" : parts[0];
                byTenant.put(tenant, key);
                all.put(new TenantKey(tenant, key.id()), key);
                if (!tenants.computeIfAbsent(key.id(), _ -> parts[0]).equals(parts[0])) {
                    throw new IOException("keys: " + file + ", line " + number + " has the key of another tenant");
                }
            }
        }
        return new Keys(Map.copyOf(byTenant), Map.copyOf(all));
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
            Version now = Version.of(file);
            if (!now.equals(version)) {
                version = now;
                keys = read(file);
            }
        } catch (IOException e) {
            version = null;
            keys = new Keys(Map.of(), Map.of());
        }
        return keys;
    }

    @Override
    public @Nullable TierKey keyOf(String tenant) {
        Keys now = current();
        return now.byTenant().get(lineOf(tenant, now));
    }

    @Override
    public @Nullable TierKey keyOf(String tenant, String id) {
        Keys now = current();
        return now.all().get(new TenantKey(lineOf(tenant, now), id));
    }

    /** The tenant whose lines are those of a tenant: itself, or all that have none. */
    private static String lineOf(String tenant, Keys keys) {
        return keys.byTenant().containsKey(tenant) ? tenant : "*";
    }
}
