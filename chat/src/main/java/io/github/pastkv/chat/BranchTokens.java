package io.github.pastkv.chat;

import io.github.pastkv.model.Session;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** The tokens of a branch: those that its session holds, and those of its last prompt and answer. */
final class BranchTokens {
    private final Session session;
    private int[] cachedIds;
    private int[] lastIds;

    /** Tokens of which {@code session} holds {@code cachedIds}. */
    BranchTokens(Session session, int[] cachedIds, int[] lastIds) {
        this.session = session;
        this.cachedIds = cachedIds;
        this.lastIds = lastIds;
    }

    /** Those of an empty session. */
    static BranchTokens none(Session session) {
        return new BranchTokens(session, new int[0], new int[0]);
    }

    /** The same for a fork of the session. */
    BranchTokens of(Session fork) {
        return new BranchTokens(fork, cachedIds, lastIds);
    }

    /** Those that a fork of the session holds, for another conversation. */
    BranchTokens cachedOf(Session fork) {
        return new BranchTokens(fork, cachedIds, new int[0]);
    }

    /** Ids of the tokens in the cache; not a copy. */
    int[] cachedIds() {
        return cachedIds;
    }

    /** Ids of the last prompt and its answer; not a copy. */
    int[] lastIds() {
        return lastIds;
    }

    /** The tokens of a conversation, with those that are there already where they have the same text. */
    int[] keep(int[] ids, TextTokenizer tokenizer) {
        return TokenSplice.keep(lastIds, ids, tokenizer);
    }

    /** Makes the session hold as much of {@code ids} as it does already, the last one not; returns how many. */
    int rewindTo(int[] ids) {
        int mismatch = Arrays.mismatch(cachedIds, ids);
        int numAgreeing = mismatch < 0 ? ids.length : mismatch;
        int numKept = Math.min(numAgreeing, ids.length - 1); // the last one is computed for its logits
        int numBack = cachedIds.length - numKept;
        if (session.canRewind(numBack)) {
            session.rewind(numBack);
        } else { // a window has forgotten what would be seen from there
            session.reset();
            numKept = 0;
        }
        cachedIds = Arrays.copyOf(ids, numKept);
        return numKept;
    }

    /** Records the tokens of the session after a generation: leading tokens of prompt and answer. */
    void noteCached(int[] prompt, List<Integer> answer) {
        lastIds = IntStream.concat(IntStream.of(prompt), answer.stream().mapToInt(id -> id)).toArray();
        cachedIds = Arrays.copyOf(lastIds, Math.min(lastIds.length, session.numTokens(0)));
    }

    /** Tokens in the cache. */
    int numCached() {
        return cachedIds.length;
    }
}
