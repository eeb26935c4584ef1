package io.github.pastkv.model.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Which file was at a path when it was opened, and when it had been modified last. Content is not compared: a change
 * that sets the old time, or that comes within the resolution of the file system's clock, is not noticed.
 *
 * @param fileKey identity of the file, such as its inode; null where the file system has none
 */
record FileState(Path path, @Nullable Object fileKey, FileTime modified) {
    static FileState of(Path path) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
        return new FileState(path, attributes.fileKey(), attributes.lastModifiedTime());
    }

    /** Refuses a file that was modified in place; another one at its path, or none, does not change what is open. */
    void requireUnmodified() throws ModelFormatException {
        FileState now = now();
        if (now != null && Objects.equals(fileKey, now.fileKey) && !modified.equals(now.modified)) {
            throw changed();
        }
    }

    /** Refuses a file that was modified, and another one at its path: reading the path gives what is open. */
    void requireSame() throws ModelFormatException {
        if (!equals(now())) {
            throw changed();
        }
    }

    private ModelFormatException changed() {
        return new ModelFormatException(path,
                "was changed since it was opened; the files of a model must stay as they are while it is open");
    }

    private @Nullable FileState now() throws ModelFormatException {
        try {
            return of(path);
        } catch (NoSuchFileException _) {
            return null;
        } catch (IOException e) {
            throw new ModelFormatException(path, "cannot be read any more: " + e.getMessage(), e);
        }
    }
}
