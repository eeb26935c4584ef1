package io.github.pastkv.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/** What {@code --version} prints. */
final class Version {
    private Version() {}

    static String[] lines() throws IOException {
        Properties properties = new Properties();
        try (@Nullable InputStream in = Version.class.getResourceAsStream("version.properties")) {
            if (in != null) {
                properties.load(in);
            }
        }
        return new String[] {"pastkv " + properties.getProperty("version", "of unknown version"),
            "Java " + System.getProperty("java.version") + " (" + System.getProperty("java.vendor") + "), "
                    + System.getProperty("os.name") + " " + System.getProperty("os.arch")};
    }
}
