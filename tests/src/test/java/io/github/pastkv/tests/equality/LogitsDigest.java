package io.github.pastkv.tests.equality;

import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.testkit.model.LogitRows;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** A digest of the bits of a prompt's logits. As a program, it prints the digests of a JVM's first steps. */
final class LogitsDigest {
    /** Few tokens, as an interpreter is slow. */
    private static final int[] CHUNKS = {5, 1, 7};

    private LogitsDigest() {}

    /** Prints the digest for the kernels named by the only argument. */
    public static void main(String[] args) throws IOException {
        Subject subject = subject(args[0]);
        try (Model model = subject.load()) {
            System.out.println(ofChunks(subject, model));
        }
    }

    /** The golden Llama with an F16 cache, whose conversions are among what a JIT might do differently. */
    static Subject subject(String kernels) {
        return new Subject(TestModel.golden("llama"), kernels, KvType.F16);
    }

    /** The digest of the prompt in chunks. */
    static String ofChunks(Subject subject, Model model) {
        try (Session session = model.newSession(subject.session())) {
            return of(Paths.chunked(session, subject.tokenIds(), CHUNKS));
        }
    }

    private static String of(LogitRows logits) {
        int[] bits = logits.bits();
        ByteBuffer bytes = ByteBuffer.allocate(bits.length * Integer.BYTES);
        bytes.asIntBuffer().put(bits);
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.array()));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
