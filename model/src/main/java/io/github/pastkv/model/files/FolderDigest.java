package io.github.pastkv.model.files;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/**
 * Digest of a model folder, as 64 hexadecimal digits: the output of
 * {@code LC_ALL=C sha256sum config.json *.safetensors | sha256sum}in the folder.
 */
public final class FolderDigest {
    private static final int BUFFER_BYTES = 1 << 20;

    private FolderDigest() {}

    /** Reads all weights, at about a gigabyte a second. */
    public static String of(Path folder) throws IOException {
        MessageDigest all = sha256();
        for (String name : names(folder)) {
            String line = HexFormat.of().formatHex(digest(folder.resolve(name))) + "  " + name + "\n";
            all.update(line.getBytes(StandardCharsets.UTF_8));
        }
        return HexFormat.of().formatHex(all.digest());
    }

    /** The same of what files hold, in this order and whatever they are called. */
    public static String ofFiles(List<Path> files) throws IOException {
        MessageDigest all = sha256();
        for (Path file : files) {
            all.update(digest(file));
        }
        return HexFormat.of().formatHex(all.digest());
    }

    /** {@code config.json}, then the weights by name. */
    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            Stream<String> weights = files.map(file -> String.valueOf(file.getFileName()))
                    .filter(name -> name.endsWith(".safetensors")).sorted();
            return Stream.concat(Stream.of("config.json"), weights).toList();
        }
    }

    private static byte[] digest(Path file) throws IOException {
        MessageDigest sha256 = sha256();
        byte[] buffer = new byte[BUFFER_BYTES];
        try (InputStream stream = Files.newInputStream(file)) {
            for (int numRead = stream.read(buffer); numRead >= 0; numRead = stream.read(buffer)) {
                sha256.update(buffer, 0, numRead);
            }
        }
        return sha256.digest();
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
