package io.github.pastkv.tinymodel;

import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.jar.JarEntry;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * A file carried as a resource. Size and checksum are those that the jar states about its entry, so that comparing
 * costs no unpacking; a CRC-32 is enough, as it guards against damage and not against intent.
 */
record PackedFile(String name, long numBytes, long crc) {
    private static final int BUFFER_BYTES = 1 << 16;

    static PackedFile find(String name) throws IOException {
        URL url = resource(name);
        URLConnection connection = url.openConnection();
        if (connection instanceof JarURLConnection inJar) {
            JarEntry entry = inJar.getJarEntry();
            if (entry.getSize() >= 0 && entry.getCrc() >= 0) {
                return new PackedFile(name, entry.getSize(), entry.getCrc());
            }
        }
        try (InputStream in = url.openStream()) {
            return read(name, in);
        }
    }

    /** Whether {@code file} holds the same bytes. */
    boolean isAt(Path file) throws IOException {
        if (!Files.isRegularFile(file) || Files.size(file) != numBytes) {
            return false;
        }
        try (InputStream in = Files.newInputStream(file)) {
            return equals(read(name, in));
        }
    }

    /** Writes the bytes to a temporary file beside {@code target} and moves it into place. */
    void writeTo(Path target) throws IOException {
        Path temporary = Files.createTempFile(target.toAbsolutePath().getParent(), "." + name, ".tmp");
        try (InputStream in = resource(name).openStream()) {
            Files.copy(in, temporary, StandardCopyOption.REPLACE_EXISTING);
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private static PackedFile read(String name, InputStream in) throws IOException {
        CRC32 crc = new CRC32();
        byte[] buffer = new byte[BUFFER_BYTES];
        long numBytes = 0;
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
            crc.update(buffer, 0, count);
            numBytes += count;
        }
        return new PackedFile(name, numBytes, crc.getValue());
    }

    private static URL resource(String name) {
        @Nullable URL url = PackedFile.class.getResource(name);
        if (url == null) {
            throw new IllegalStateException("the resource " + name + " is missing in the jar of the tiny model");
        }
        return url;
    }
}
