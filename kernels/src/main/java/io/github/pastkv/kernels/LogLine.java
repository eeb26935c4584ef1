package io.github.pastkv.kernels;

import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.helpers.NOPLogger;
import org.slf4j.spi.SLF4JServiceProvider;

/**
 * A warning that must be seen: through SLF4J if a provider of it is there, otherwise through the JDK's logger, which
 * prints on standard error. SLF4J without a provider prints lines of its own and drops this one, and so does a provider
 * that drops everything.
 */
final class LogLine {
    private LogLine() {}

    static void warn(Class<?> source, String message) {
        if (!warnThroughSlf4j(source, message)) {
            System.getLogger(source.getName()).log(System.Logger.Level.WARNING, message);
        }
    }

    private static boolean warnThroughSlf4j(Class<?> source, String message) {
        try {
            return Slf4j.warn(source, message);
        } catch (LinkageError | ServiceConfigurationError _) { // SLF4J is optional, and may be of another version
            return false;
        }
    }

    /** Apart, so that classes of SLF4J are first needed here. */
    private static final class Slf4j {
        static boolean warn(Class<?> source, String message) {
            if (!hasProvider()) {
                return false;
            }
            Logger logger = LoggerFactory.getLogger(source);
            if (logger instanceof NOPLogger) {
                return false;
            }
            logger.warn(message);
            return true;
        }

        private static boolean hasProvider() {
            return ServiceLoader.load(SLF4JServiceProvider.class, LoggerFactory.class.getClassLoader()).stream()
                    .findAny().isPresent();
        }
    }
}
