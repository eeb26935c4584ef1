package io.github.pastkv.tinymodel;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.CRC32;

/**
 * The small model that ships with PastKV: a Llama of about 3 million parameters that tells short stories. It is carried
 * as resources and has to be in a folder to be read.
 *
 * <p>Safe for any number of threads and processes.
 */
public final class TinyModel {
    private static final List<String> FILE_NAMES =
            List.of("config.json", "generation_config.json", "tokenizer.json", "model.safetensors");

    private TinyModel() {}

    /** The files of the model's folder. */
    public static List<String> fileNames() {
        return FILE_NAMES;
    }

    /** Eight hexadecimal digits that change with any of the files: a name for a folder that several versions share. */
    public static String digest() throws IOException {
        CRC32 crc = new CRC32();
        for (String fileName : FILE_NAMES) {
            crc.update(PackedFile.find(fileName).toString().getBytes(StandardCharsets.UTF_8));
        }
        return String.format("%08x", crc.getValue());
    }

    /**
     * Makes {@code folder} hold the model. A file that is there with the right size and checksum stays as it is; any
     * other is written beside it and moved into place, so that whoever reads the folder meanwhile sees no half-written
     * file.
     *
     * @throws IOException when a file has to be written and cannot be
     */
    public static void unpackTo(Path folder) throws IOException {
        for (String fileName : FILE_NAMES) {
            PackedFile packed = PackedFile.find(fileName);
            Path target = folder.resolve(fileName);
            if (!packed.isAt(target)) {
                Files.createDirectories(folder);
                packed.writeTo(target);
            }
        }
    }
}
