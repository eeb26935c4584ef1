package io.github.pastkv.model;

import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/** Files of the tests: golden ones from the resources, and small ones made on the spot. */
public final class TestFiles {
    private TestFiles() {}

    /** A file or folder under {@code src/test/resources/io/github/pastkv/model}. */
    public static Path resource(String name) {
        URL url = Objects.requireNonNull(TestFiles.class.getResource(name), name);
        try {
            return Path.of(url.toURI());
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(name, e);
        }
    }

    /** Writes a safetensors file of the given header and {@code numDataBytes} zeros. */
    public static Path writeSafetensors(Path file, String header, int numDataBytes) throws IOException {
        return Files.write(file, safetensors(header, numDataBytes));
    }

    /** The bytes of a safetensors file of the given header and {@code numDataBytes} zeros. */
    public static byte[] safetensors(String header, int numDataBytes) {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        byte[] file = new byte[8 + json.length + numDataBytes];
        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(json.length).put(json);
        return file;
    }
}
