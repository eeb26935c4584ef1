package io.github.pastkv.tests.equality;

import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.testkit.model.LogitRows;
import java.util.Arrays;
import java.util.Random;

/** Ways to append tokens to a session of one row. */
final class Paths {
    private Paths() {}

    /** A fresh session, all tokens in one step: what every other path must equal. */
    static LogitRows oneShot(Model model, SessionOptions options, int[] tokenIds) {
        try (Session session = model.newSession(options)) {
            return LogitRows.of(session.append(tokenIds));
        }
    }

    /** A fresh session, in chunks of these lengths. */
    static LogitRows chunked(Model model, SessionOptions options, int[] tokenIds, int[] lengths) {
        try (Session session = model.newSession(options)) {
            return chunked(session, tokenIds, lengths);
        }
    }

    /** In chunks of these lengths. */
    static LogitRows chunked(Session session, int[] tokenIds, int[] lengths) {
        LogitRows logits = new LogitRows();
        int from = 0;
        for (int length : lengths) {
            logits.add(session.append(Arrays.copyOfRange(tokenIds, from, from + length)));
            from += length;
        }
        return logits;
    }

    /** Chunks of one token. */
    static int[] ones(int numTokens) {
        int[] lengths = new int[numTokens];
        Arrays.fill(lengths, 1);
        return lengths;
    }

    /** Chunks between random cuts, two to all of them; an empty one here and there. */
    static int[] randomSplit(Random random, int numTokens) {
        int numCuts = 1 + random.nextInt(numTokens);
        int[] cuts = random.ints(numCuts, 0, numTokens + 1).sorted().toArray();
        int[] lengths = new int[numCuts + 1];
        for (int chunk = 0; chunk <= numCuts; chunk++) {
            int from = chunk == 0 ? 0 : cuts[chunk - 1];
            lengths[chunk] = (chunk == numCuts ? numTokens : cuts[chunk]) - from;
        }
        return lengths;
    }
}
