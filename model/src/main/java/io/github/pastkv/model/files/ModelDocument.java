package io.github.pastkv.model.files;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * A document of a {@link ModelSource}.
 *
 * @param path where it is; messages begin with it
 * @param bytes its content; not copied, not to be changed
 */
@SuppressWarnings("ArrayRecordComponent") // a tokenizer may have 30 MB
public record ModelDocument(Path path, byte[] bytes) {
    /** The object that it is, read strictly; a new one for each call, which knows of no keys asked for. */
    public JsonObject json() throws ModelFormatException {
        return JsonFile.parse(path, bytes, "");
    }

    /** Its text. */
    public String text() throws ModelFormatException {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException e) {
            throw new ModelFormatException(path, "not UTF-8", e);
        }
    }
}
