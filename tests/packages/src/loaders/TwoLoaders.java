package loaders;

import java.lang.reflect.InvocationTargetException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Runs the application in two class loaders of one process, as an application server does. Arguments: the folder of the
 * jars, that of the model, and {@code shared} if the third-party jars are in a parent of both.
 */
public final class TwoLoaders {
    private TwoLoaders() {}

    public static void main(String[] args) throws Exception {
        boolean isShared = args.length > 2;
        List<Path> jars = jars(Path.of(args[0]));
        ClassLoader top = ClassLoader.getPlatformClassLoader();
        ClassLoader parent = isShared ? loader(jars, TwoLoaders::isThirdParty, top) : top;
        for (int i = 0; i < 2; i++) {
            run(loader(jars, jar -> !isShared || !isThirdParty(jar), parent), args[1]);
        }
    }

    private static void run(ClassLoader loader, String modelFolder) throws ReflectiveOperationException {
        Thread.currentThread().setContextClassLoader(loader);
        try {
            loader.loadClass("app.Main").getMethod("main", String[].class)
                    .invoke(null, (Object) new String[] {modelFolder});
        } catch (InvocationTargetException e) {
            Throwable root = e;
            while (root.getCause() != null) {
                root = root.getCause();
            }
            System.out.println(root.getMessage());
        }
    }

    private static boolean isThirdParty(Path jar) {
        String name = jar.getFileName().toString();
        return !name.startsWith("pastkv-") && !name.startsWith("class-path");
    }

    private static List<Path> jars(Path folder) throws Exception {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".jar")).sorted().toList();
        }
    }

    private static ClassLoader loader(List<Path> jars, Predicate<Path> isWanted, ClassLoader parent)
            throws MalformedURLException {
        List<URL> urls = new ArrayList<>();
        for (Path jar : jars) {
            if (isWanted.test(jar)) {
                urls.add(jar.toUri().toURL());
            }
        }
        return new URLClassLoader(urls.toArray(URL[]::new), parent);
    }
}
