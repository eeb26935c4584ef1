package io.github.pastkv.kernels.onednn;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReader;
import java.lang.module.ModuleReference;
import java.net.URI;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The native library, loaded once per process. It is searched for in the folder given by {@link #FOLDER_PROPERTY} and
 * then on the class path or the module path, in the native jar of {@code org.bytedeco:dnnl}. Out of a jar it is copied
 * to a temporary folder, which is deleted as soon as the library is loaded.
 */
final class OneDnnLibrary {
    /** System property: the folder that holds {@code libdnnl.so.3} and {@code libgomp.so.1}. */
    static final String FOLDER_PROPERTY = "pastkv.onednn.folder";

    private static final String IN_JAR = "/org/bytedeco/dnnl/linux-x86_64/";
    private static final String LIBRARY = "libdnnl.so.3";
    /** The library itself, and the OpenMP runtime that it finds beside it; the rest comes with every Linux. */
    private static final List<String> FILES = List.of(LIBRARY, "libgomp.so.1");

    private static @Nullable SymbolLookup loaded;

    private OneDnnLibrary() {}

    /**
     * The symbols of the library and of what it depends on.
     *
     * @throws UnsupportedOperationException with the reason where it cannot be had
     */
    static synchronized SymbolLookup load() {
        if (loaded == null) {
            loaded = find();
        }
        return loaded;
    }

    private static SymbolLookup find() {
        String system = System.getProperty("os.name") + " on " + System.getProperty("os.arch");
        if (!system.toLowerCase(Locale.ROOT).equals("linux on amd64")) {
            throw new UnsupportedOperationException("oneDNN: there is no library for " + system);
        }
        String folder = System.getProperty(FOLDER_PROPERTY);
        if (folder != null) {
            return open(Path.of(folder).resolve(LIBRARY));
        }
        if (locate(LIBRARY).isEmpty()) {
            throw new UnsupportedOperationException("oneDNN's library was not found: put the native jar of "
                    + "org.bytedeco:dnnl on the class path or the module path, or set its folder with -D"
                    + FOLDER_PROPERTY);
        }
        try {
            return openFromJar();
        } catch (IOException e) {
            throw new UnsupportedOperationException("oneDNN's library cannot be unpacked: " + e.getMessage());
        }
    }

    private static SymbolLookup openFromJar() throws IOException {
        Path folder = Files.createTempDirectory("pastkv-onednn");
        try {
            for (String name : FILES) {
                unpack(name, folder.resolve(name));
            }
            return open(folder.resolve(LIBRARY));
        } finally {
            // What is loaded stays mapped; the files are needed no more, and so nothing is left behind by any exit.
            for (String name : FILES) {
                Files.deleteIfExists(folder.resolve(name));
            }
            Files.delete(folder);
        }
    }

    private static void unpack(String name, Path target) throws IOException {
        URL place = locate(name).orElseThrow(() -> new IOException(IN_JAR + name + " is missing"));
        URLConnection connection = place.openConnection();
        connection.setUseCaches(false); // or the jar stays open
        try (InputStream in = connection.getInputStream()) {
            Files.copy(in, target);
        }
    }

    /** A file of the native jar: on the class path, or in a jar of the module path, which no module here requires. */
    private static Optional<URL> locate(String name) {
        URL onClassPath = OneDnnLibrary.class.getResource(IN_JAR + name);
        return onClassPath != null ? Optional.of(onClassPath) : locateInModules(IN_JAR.substring(1) + name);
    }

    private static Optional<URL> locateInModules(String entry) {
        Path[] modulePath = Arrays.stream(System.getProperty("jdk.module.path", "").split(File.pathSeparator))
                .filter(place -> !place.isEmpty()).map(Path::of).toArray(Path[]::new);
        for (ModuleReference module : ModuleFinder.of(modulePath).findAll()) {
            if (module.descriptor().name().startsWith("org.bytedeco.dnnl")) {
                try (ModuleReader reader = module.open()) {
                    Optional<URI> found = reader.find(entry);
                    if (found.isPresent()) {
                        return Optional.of(found.get().toURL());
                    }
                } catch (IOException _) {
                    // an unreadable jar is treated as one without the library
                }
            }
        }
        return Optional.empty();
    }

    private static SymbolLookup open(Path file) {
        try {
            return SymbolLookup.libraryLookup(file, Arena.global());
        } catch (IllegalArgumentException e) {
            throw new UnsupportedOperationException("oneDNN's library cannot be loaded from " + file);
        } catch (IllegalCallerException e) {
            throw new UnsupportedOperationException("oneDNN needs native access: start java with "
                    + "--enable-native-access=ALL-UNNAMED (or =io.github.pastkv.kernels.onednn)");
        }
    }
}
