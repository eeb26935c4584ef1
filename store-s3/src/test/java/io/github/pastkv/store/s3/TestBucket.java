package io.github.pastkv.store.s3;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.store.TierUri;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.stream.Stream;

/** A bucket of a real S3 server, which all tests of this module share: a process of its own over a folder. */
final class TestBucket {
    static final S3Credentials CREDENTIALS = new S3Credentials("test-identity", "test-secret", null);
    static final int PART_BYTES = 5 << 20;
    static final long MAX_OBJECT_BYTES = 20L << 20;

    private static TestBucket shared;

    private final int port;

    private TestBucket() throws IOException, InterruptedException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            this.port = free.getLocalPort();
        }
        Path folder = Files.createTempDirectory("pastkv-s3");
        Files.createDirectories(folder.resolve("data").resolve("bucket"));
        Path properties = Files.writeString(folder.resolve("s3proxy.properties"), String.join("\n",
                "s3proxy.authorization=aws-v2-or-v4", "s3proxy.identity=" + CREDENTIALS.accessKeyId(),
                "s3proxy.credential=" + CREDENTIALS.secretAccessKey(), "s3proxy.endpoint=" + endpoint(),
                "jclouds.provider=filesystem-nio2", "jclouds.filesystem.basedir=" + folder.resolve("data")));
        Path logging = Files.writeString(folder.resolve("logback.xml"), "<configuration/>");
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1", "-Dlogback.configurationFile=" + logging, "-cp",
                System.getProperty("pastkv.s3proxy.classPath", System.getProperty("java.class.path")),
                "org.gaul.s3proxy.Main", "--properties", properties.toString()).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(process, folder)));
        while (!answers()) {
            assertThat(process.isAlive()).as("the S3 server").isTrue();
            Thread.sleep(50);
        }
    }

    static synchronized TestBucket shared() throws IOException {
        try {
            shared = shared == null ? new TestBucket() : shared;
            return shared;
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    private boolean answers() {
        try (Socket _ = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static void stop(Process process, Path folder) {
        process.destroyForcibly();
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            return; // the folder of temporary files
        }
    }

    String endpoint() {
        return "http://127.0.0.1:" + port;
    }

    S3Tier open(String prefix) throws IOException {
        return open(endpoint(), prefix, "");
    }

    /** A tier on a server; large objects are smaller than usual. */
    static S3Tier open(String endpoint, String prefix, String options) {
        S3Address address = S3Address.of(TierUri.parse("s3://bucket/" + prefix + "?endpoint=" + endpoint + options));
        return new S3Tier(address, CREDENTIALS, new S3Limits(PART_BYTES, MAX_OBJECT_BYTES), Duration.ofMillis(50));
    }
}
