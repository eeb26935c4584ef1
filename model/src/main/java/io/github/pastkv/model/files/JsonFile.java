package io.github.pastkv.model.files;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.MemorySegment;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads JSON strictly: UTF-8, one object, no key twice, nothing after it, no deep nesting. */
public final class JsonFile {
    /** Of what is read without a limit of its own; the largest known index has about 10 MB. */
    private static final long MAX_BYTES = 20_000_000;
    private static final int MAX_NESTING = 64;
    /** Of one document, so that it takes less than 1 GB of heap; tokenizers have up to 3 million. */
    private static final long MAX_TOKENS = 8_000_000;
    /** What Jackson adds for programmers. */
    private static final Pattern ADVICE = Pattern.compile(
            ": enable `\\S+` to allow| \\(not recognized as one since [^)]*\\)|, from `[^`]*`");
    private static final JsonMapper STRICT = JsonMapper
            .builder(
                    JsonFactory.builder()
                            .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(MAX_NESTING)
                                    .maxTokenCount(MAX_TOKENS).build())
                            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

    private JsonFile() {}

    /** The object that the whole file is. */
    public static JsonObject read(Path file) throws IOException {
        return parse(file, readBytes(file, MAX_BYTES), "");
    }

    /** All bytes of a regular file of bounded size. */
    static byte[] readBytes(Path file, long maxBytes) throws IOException {
        requireFile(file);
        if (Files.size(file) > maxBytes) {
            throw new ModelFormatException(file, Files.size(file) + " bytes, at most " + maxBytes + " are read");
        }
        byte[] bytes = Files.readAllBytes(file);
        ForeignContent.refuse(file, MemorySegment.ofArray(bytes));
        return bytes;
    }

    /**
     * The objects that the lines of a file are (JSON Lines), blank lines left out. Messages name the line, counted from
     * 1.
     */
    public static List<JsonObject> readLines(Path file) throws IOException {
        requireFile(file);
        List<JsonObject> objects = new ArrayList<>();
        try (BufferedReader reader = Files.newBufferedReader(file)) {
            long lineNumber = 0;
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                lineNumber++;
                if (!line.isBlank()) {
                    byte[] utf8 = line.getBytes(StandardCharsets.UTF_8);
                    objects.add(parse(file, utf8, "line " + lineNumber + ": "));
                }
            }
        } catch (CharacterCodingException e) {
            throw new ModelFormatException(file, "not UTF-8", e);
        }
        return objects;
    }

    /** The object that {@code utf8} is, a part of {@code file} that messages call {@code part}. */
    static JsonObject parse(Path file, byte[] utf8, String part) throws ModelFormatException {
        try {
            JsonNode node = STRICT.readTree(new InputStreamReader(new ByteArrayInputStream(utf8),
                    StandardCharsets.UTF_8.newDecoder())); // refuses other encodings, which Jackson would guess
            if (!node.isObject()) {
                throw new ModelFormatException(file, part + "not a JSON object");
            }
            return new JsonObject(file, part, node);
        } catch (JacksonException e) {
            throw new ModelFormatException(file, part + (e.getCause() instanceof CharacterCodingException
                    ? "not UTF-8"
                    : "not strict JSON: " + firstLine(e)), e);
        }
    }

    static void requireFile(Path file) throws ModelFormatException {
        if (!Files.isRegularFile(file)) {
            throw new ModelFormatException(file, whatInstead(file, "no such file"));
        }
    }

    /** What is at a path where no regular file is: {@code nothing}, a dangling link, or something else. */
    static String whatInstead(Path path, String nothing) {
        if (Files.exists(path)) {
            return "not a regular file";
        }
        if (!Files.isSymbolicLink(path)) {
            return nothing;
        }
        try {
            return "is a symbolic link to " + Files.readSymbolicLink(path) + ", which is not there";
        } catch (IOException e) {
            return nothing; // it went away meanwhile
        }
    }

    private static String firstLine(JacksonException e) {
        String where = e.getLocation() == null ? "" : " at character " + e.getLocation().getCharOffset();
        String message = String.valueOf(e.getOriginalMessage()).lines().findFirst().orElse("");
        if (message.startsWith("Trailing token")) {
            return "something follows the object" + where;
        }
        return ADVICE.matcher(message).replaceAll("") + where;
    }
}
