package io.github.pastkv.serve.batch;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

/**
 * The ids of requests: a digest of the model and of the line, so that an answer tells which request it answers, and by
 * which model. Lines that are equal get different ids in their order. For one thread.
 */
final class LineIds {
    static final String PREFIX = "batch_req_";
    private static final int NUM_BYTES = 16;

    private final String identity;
    private final Map<String, Integer> numSeen = new HashMap<>();

    /** @param identity of all that an answer depends on beside its line */
    LineIds(String identity) {
        this.identity = identity;
    }

    /** The id of the next line. */
    String next(byte[] line) {
        String first = digest(line, 0);
        int number = numSeen.merge(first, 1, Integer::sum) - 1;
        return number == 0 ? first : digest(line, number);
    }

    private String digest(byte[] line, int number) {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            sha256.update((identity + "\n" + number + "\n").getBytes(StandardCharsets.UTF_8));
            return PREFIX + HexFormat.of().formatHex(sha256.digest(line), 0, NUM_BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every JDK has it
        }
    }
}
