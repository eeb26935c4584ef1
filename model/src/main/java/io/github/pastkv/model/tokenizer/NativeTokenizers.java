package io.github.pastkv.model.tokenizer;

import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Loads the native Hugging Face tokenizers out of the jar of {@code ai.djl.huggingface:tokenizers}, once.
 *
 * <p>DJL's own loader and its {@code HuggingFaceTokenizer} are passed by on purpose: they look for a GPU, may download
 * another build, keep a copy in the home folder, send a message on Amazon machines, and need a system property to be
 * told not to. The native methods below them do none of this.
 */
final class NativeTokenizers {
    private NativeTokenizers() {}

    /** The native methods, ready for use. */
    static TokenizersLibrary library() {
        return Holder.LIBRARY;
    }

    private static final class Holder {
        static final TokenizersLibrary LIBRARY = load();
    }

    private static TokenizersLibrary load() {
        if (!Objects.equals(NativeTokenizers.class.getClassLoader(), TokenizersLibrary.class.getClassLoader())) {
            throw new IllegalStateException("PastKV and ai.djl.huggingface:tokenizers must share a class loader, as a "
                    + "native library belongs to the one that loads it");
        }
        try {
            Path folder = Files.createTempDirectory("pastkv-tokenizers");
            for (String fileName : fileNames()) {
                loadFile(folder.resolve(fileName), "/native/lib/" + platform() + "/cpu/" + fileName);
            }
            deleteNowOrAtExit(folder);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot unpack the native tokenizers into the folder for temporary files",
                    e);
        }
        return TokenizersLibrary.LIB;
    }

    @SuppressWarnings("restricted") // the module that runs this needs --enable-native-access
    private static void loadFile(Path target, String resource) throws IOException {
        try (@Nullable InputStream in = TokenizersLibrary.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException("ai.djl.huggingface:tokenizers has no library for this machine: "
                        + resource);
            }
            Files.copy(in, target);
        }
        System.load(target.toString());
        deleteNowOrAtExit(target);
    }

    /** A loaded library may be deleted, except on Windows. */
    private static void deleteNowOrAtExit(Path path) throws IOException {
        if (isWindows()) {
            path.toFile().deleteOnExit();
        } else {
            Files.delete(path);
        }
    }

    /** The libraries to load, in order. */
    private static List<String> fileNames() {
        return isWindows()
                ? List.of("libwinpthread-1.dll", "libgcc_s_seh-1.dll", "libstdc++-6.dll", "tokenizers.dll")
                : List.of(System.mapLibraryName("tokenizers"));
    }

    private static String platform() {
        String os = osName();
        String name = isWindows() ? "win" : os.startsWith("mac") ? "osx" : "linux";
        String arch = System.getProperty("os.arch", "");
        return name + "-" + (arch.equals("amd64") ? "x86_64" : arch);
    }

    private static boolean isWindows() {
        return osName().startsWith("windows");
    }

    private static String osName() {
        return System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    }
}
