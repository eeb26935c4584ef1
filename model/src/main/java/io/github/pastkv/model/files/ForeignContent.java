package io.github.pastkv.model.files;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Detects common wrong contents of model files by their first bytes. */
final class ForeignContent {
    private static final int MAX_PREFIX_BYTES = 64;
    private static final Map<String, String> KINDS = new LinkedHashMap<>();

    static {
        KINDS.put("version https://git-lfs.github.com/",
                "is a Git LFS pointer, not the file itself; fetch it with: git lfs pull");
        for (String page : List.of("<!DOCTYPE", "<!doctype", "<html", "<HTML", "<?xml")) {
            KINDS.put(page, "is a web page, not the file itself; the download went wrong");
        }
        for (String message : List.of("Entry not found", "Repository not found", "Invalid username or password",
                "Access to model")) {
            KINDS.put(message, "is an error message of the Hub, not the file itself; the download went wrong");
        }
        KINDS.put("PK\u0003\u0004", "is a PyTorch or zip file, not safetensors");
        KINDS.put("\u0080\u0002", "is a Python pickle, not safetensors");
        KINDS.put("GGUF", "is a GGUF file, not safetensors");
        KINDS.put("\u001f\u008b", "is compressed with gzip; unpack it");
        KINDS.put("(\u00b5/\u00fd", "is compressed with zstd; unpack it");
        KINDS.put("\u00ef\u00bb\u00bf", "begins with a byte order mark (BOM); save it as UTF-8 without one");
        KINDS.put("\u00ff\u00fe", "is UTF-16, must be UTF-8");
        KINDS.put("\u00fe\u00ff", "is UTF-16, must be UTF-8");
    }

    private ForeignContent() {}

    /** Rejects {@code bytes}, the content of {@code file}, if they are recognized as something else. */
    static void refuse(Path file, MemorySegment bytes) throws ModelFormatException {
        int length = (int) Math.min(MAX_PREFIX_BYTES, bytes.byteSize());
        byte[] prefix = bytes.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
        String text = new String(prefix, StandardCharsets.ISO_8859_1);
        for (Map.Entry<String, String> kind : KINDS.entrySet()) {
            if (text.startsWith(kind.getKey())) {
                throw new ModelFormatException(file, kind.getValue());
            }
        }
    }
}
